#include <algorithm>
#include <cerrno>
#include <filesystem>

#include <sys/stat.h>

#include <tarn/data/detail/gather_pixels.h>
#include <tarn/data/detail/gather_rows.h>
#include <tarn/data/idx.h>
#include <tarn/data/mnist.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/log.h>
#include <tarn/tensor/str.h>

namespace tarn::data {
namespace {

constexpr std::int64_t kSide = 28;
constexpr std::int64_t kPixels = kSide * kSide;
constexpr std::int64_t kClasses = 10;

// The ways in which a file's name is written.
std::vector<std::string> spellings(const std::string& name, const char* kind) {
  const std::string dashed = str(name, "-", kind, "-ubyte");
  const std::string dotted = str(name, ".", kind, "-ubyte");
  return {dashed, dashed + ".gz", dotted, dotted + ".gz"};
}

// Only what does not exist is not found: a file that cannot be reached is reported by whoever opens
// it.
bool exists(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

struct Files {
  std::string images;
  std::string labels;
};

template <class Source>
class Search {
 public:
  Search(const Source& source, const std::string& root, bool train)
      : source_(source), root_(root), train_(train) {}

  Files run() {
    for (const auto& folder : source_.folders) {
      const std::filesystem::path place(folder);
      Files files{find(place, images_), find(place, labels_)};
      if (!files.images.empty() && !files.labels.empty()) return files;
      images_.found = images_.found || !files.images.empty();
      labels_.found = labels_.found || !files.labels.empty();
    }
    fail();
  }

 private:
  struct Wanted {
    const char* what;
    const char* kind;
    bool found = false;
    std::string tried{};
  };

  std::string find(const std::filesystem::path& place, Wanted& wanted) const {
    for (const std::string& name :
         spellings(str(train_ ? "train-" : "t10k-", wanted.what), wanted.kind)) {
      std::string path = (place / name).string();
      if (exists(path)) return path;
      wanted.tried.append(wanted.tried.empty() ? "" : ", ").append(path);
    }
    return {};
  }

  // Both were found, but never in one folder: then the pair is what is missing.
  [[noreturn]] void fail() const {
    std::string missing;
    for (const Wanted* wanted : {&images_, &labels_}) {
      if (wanted->found && images_.found != labels_.found) continue;
      missing.append(str(missing.empty() ? "" : "; ", train_ ? "training " : "test ", wanted->what,
                         " not found: tried ", wanted->tried));
    }
    const char* const apart =
        images_.found && labels_.found ? "images and labels lie in different folders: " : "";
    throw IoError(str(source_.name, ": ", root_, ": ", apart, missing, "; ", source_.remedy), root_,
                  ENOENT);
  }

  const Source& source_;
  std::string root_;
  bool train_;
  Wanted images_{"images", "idx3"};
  Wanted labels_{"labels", "idx1"};
};

// "bytes 0-3 are 00 00 08 01 (1-d uint8: labels)"
std::string describe(const Tensor& elements) {
  const char* const guess = elements.dim() == 1   ? ": labels"
                            : elements.dim() == 3 ? ": images"
                                                  : "";
  const std::string kind = str(elements.dim(), "-d ", elements.dtype());
  if (elements.dtype() != kUInt8) return str("it is ", kind);
  return str("bytes 0-3 are 00 00 08 0", elements.dim(), " (", kind, guess, ")");
}

Tensor read(const char* name, const std::string& path, int dim, const char* expected) {
  Tensor elements = read_idx(path, name);
  if (elements.dtype() == kUInt8 && elements.dim() == dim) return elements;
  throw FormatError(str(name, ": ", path, ": ", describe(elements), ": expected ", expected,
                        "; are the two files swapped?"),
                    path, 0);
}

Tensor read_images(const char* name, const std::string& path) {
  Tensor images = read(name, path, 3, "00 00 08 03 (3-d uint8: images)");
  if (images.size(1) != kSide || images.size(2) != kSide) {
    throw FormatError(str(name, ": ", path, ": images are ", images.size(1), " x ", images.size(2),
                          ": expected 28 x 28; use data::read_idx for other sizes"),
                      path, 8);
  }
  return images;
}

Tensor read_labels(const char* name, const std::string& path) {
  const Tensor labels = read(name, path, 1, "00 00 08 01 (1-d uint8: labels)");
  const auto* const label = labels.data_ptr<std::uint8_t>();
  const auto* const bad =
      std::find_if(label, label + labels.numel(), [](std::uint8_t c) { return c >= kClasses; });
  if (bad == label + labels.numel()) return labels.to(kInt64);
  throw FormatError(str(name, ": ", path, ": label[", bad - label, "] = ", int{*bad},
                        ": expected 0..", kClasses - 1, " (num_classes = ", kClasses, ")"),
                    path, static_cast<std::uint64_t>(8 + (bad - label)));
}

}  // namespace

MNIST::MNIST(const std::string& root, Options options)
    : MNIST({"mnist",
             {root, root + "/MNIST/raw", root + "/raw"},
             "scripts/get_mnist.sh fetches the files"},
            root, options) {}

MNIST::MNIST(const Source& source, const std::string& root, Options options)
    : name_(source.name),
      options_(options),
      scale_(detail::pixel_scale(name_, options.mean, options.std)) {
  const Files files = Search<Source>(source, root, options.train).run();
  images_ = read_images(name_, files.images);
  targets_ = read_labels(name_, files.labels);
  if (images_.size(0) != targets_.size(0)) {
    throw FormatError(
        str(name_, ": ", images_.size(0), " images but ", targets_.size(0), " labels (",
            files.images, ", ", files.labels, "): expected as many; train and test mixed?"),
        files.labels, 4);
  }
  log_at(LogLevel::info, name_, ": ", size(), options.train ? " training" : " test",
         " examples from ", files.images);
}

Example MNIST::get(std::int64_t index) const {
  const Batch batch = get_batch({&index, 1});
  return {batch.data.select(0, 0), batch.target.select(0, 0)};
}

Batch MNIST::get_batch(std::span<const std::int64_t> indices) const {
  for (const std::int64_t index : indices) check_index(name_, index, size());
  const auto count = static_cast<std::int64_t>(indices.size());
  const Shape shape = options_.flatten ? Shape{count, kPixels} : Shape{count, 1, kSide, kSide};
  return {detail::gather_pixels(images_, indices, {&scale_, 1}, shape),
          detail::gather_rows(targets_, indices)};
}

}  // namespace tarn::data
