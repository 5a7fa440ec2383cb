#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <set>
#include <string_view>
#include <utility>

#include <sys/stat.h>

#include <tarn/data/image_folder.h>
#include <tarn/io/image.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/log.h>
#include <tarn/tensor/str.h>

namespace tarn::data {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail_system(const std::string& path, const std::error_code& error) {
  throw IoError(str("image folder: ", path, ": cannot be read: ", error.message(), " (errno ",
                    error.value(), ")"),
                path, error.value());
}

// What lies in a folder, but for hidden things, in byte order.
std::vector<std::string> entries(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> names;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::string name = entry->path().filename().string();
    if (name[0] != '.') names.push_back(std::move(name));
  }
  if (error) fail_system(folder, error);
  std::sort(names.begin(), names.end());
  return names;
}

bool is_image(const std::string& name) {
  std::string end = fs::path(name).extension().string();
  for (char& c : end) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return end == ".png" || end == ".jpg" || end == ".jpeg" || end == ".bmp";
}

// Through links as well: one that leads nowhere is an error, not a class or image less.
struct stat status_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0)
    fail_system(path, std::error_code(errno, std::generic_category()));
  return status;
}

// All images below a folder. `above` holds the folders that it lies in, by device and number.
void find_images(const std::string& folder, std::set<std::pair<dev_t, ino_t>> above,
                 std::vector<std::string>& paths) {
  const struct stat self = status_of(folder);
  if (!above.insert({self.st_dev, self.st_ino}).second) {
    throw IoError(str("image folder: ", folder, ": is a link to a folder that it lies in"), folder,
                  ELOOP);
  }
  for (const std::string& name : entries(folder)) {
    std::string path = str(folder, "/", name);
    if (S_ISDIR(status_of(path).st_mode)) {
      find_images(path, above, paths);
    } else if (is_image(name)) {
      paths.push_back(std::move(path));
    }
  }
}

}  // namespace

ImageFolder::ImageFolder(const std::string& root, ImageFolderOptions options) : options_(options) {
  if (options.channels != 1 && options.channels != 3)
    throw ValueError(str("image folder: channels = ", options.channels, ": expected 1 or 3"));
  if (options.height < 0 || options.width < 0) {
    throw ValueError(str("image folder: height = ", options.height, ", width = ", options.width,
                         ": expected >= 0"));
  }
  std::int64_t strays = 0;
  for (std::string& name : entries(root)) {
    const std::string folder = str(root, "/", name);
    if (!S_ISDIR(status_of(folder).st_mode)) {
      strays += is_image(name);
      continue;
    }
    std::vector<std::string> paths;
    find_images(folder, {}, paths);
    if (paths.empty() && !options.allow_empty) {
      throw ValueError(str("image folder: class \"", name, "\" has no images (", folder,
                           "): remove it, or accept it with .allow_empty = true"));
    }
    const auto target = static_cast<std::int64_t>(classes_.size());
    for (std::string& path : paths) images_.push_back({std::move(path), target});
    classes_.push_back(std::move(name));
  }
  if (classes_.empty()) {
    throw ValueError(str("image folder: no class folders in ", root, " (", strays,
                         " image files lie directly in it): expected ", root, "/<class>/<image>"));
  }
  log_at(LogLevel::info, "image folder: ", size(), " images of ", classes_.size(), " classes from ",
         root);
}

Example ImageFolder::get(std::int64_t index) const {
  const std::string& file = path(index);
  const Tensor pixels = io::read_image(file, {.channels = options_.channels});
  const auto& [channels, height, width, allow_empty] = options_;
  if ((height > 0 && pixels.size(1) != height) || (width > 0 && pixels.size(2) != width)) {
    throw ShapeError(str("image folder: ", file, " is ", pixels.size(1), " x ", pixels.size(2),
                         " (height x width): expected ", height > 0 ? str(height) : "any", " x ",
                         width > 0 ? str(width) : "any"));
  }
  Tensor data = pixels.to(kFloat32);
  data.div_(255);
  return {data, scalar_tensor(images_[static_cast<std::size_t>(index)].target)};
}

const std::string& ImageFolder::path(std::int64_t index) const {
  check_index("image folder", index, size());
  return images_[static_cast<std::size_t>(index)].path;
}

Tensor ImageFolder::targets() const {
  std::vector<std::int64_t> targets;
  for (const Image& image : images_) targets.push_back(image.target);
  return from_vector(targets, {size()});
}

}  // namespace tarn::data
