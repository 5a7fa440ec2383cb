#include <cerrno>
#include <cstring>
#include <filesystem>
#include <vector>

#include <tarn/data/cifar10.h>
#include <tarn/data/detail/gather_rows.h>
#include <tarn/io/detail/grouped.h>
#include <tarn/io/detail/input_file.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/log.h>
#include <tarn/tensor/str.h>

namespace tarn::data {
namespace {

constexpr std::size_t kPixels = 3 * 32 * 32;
constexpr std::size_t kRecord = 1 + kPixels;
constexpr int kClassCount = 10;
// 20 times the size of the real files.
constexpr std::size_t kMaxFile = std::size_t{1} << 29;

std::vector<std::string> find_files(const std::string& root, bool train) {
  std::vector<std::string> names = {"test_batch.bin"};
  if (train) {
    names.clear();
    for (int i = 1; i <= 5; ++i) names.push_back(str("data_batch_", i, ".bin"));
  }
  std::string missing;
  for (const std::filesystem::path folder : {root, root + "/cifar-10-batches-bin"}) {
    std::vector<std::string> files;
    for (const std::string& name : names) {
      std::string path = (folder / name).string();
      std::error_code ignored;
      if (std::filesystem::exists(path, ignored)) {
        files.push_back(std::move(path));
      } else {
        missing.append(missing.empty() ? "" : ", ").append(path);
      }
    }
    if (files.size() == names.size()) return files;
  }
  throw IoError(str("cifar10: ", root, ": not found: ", missing,
                    "; unpack cifar-10-binary.tar.gz (the binary version) there"),
                root, ENOENT);
}

std::vector<std::byte> read_records(const std::string& path) {
  io::detail::InputFile file("cifar10", path);
  std::vector<std::byte> bytes = file.read_all(kMaxFile);
  if (bytes.size() % kRecord != 0) {
    file.fail(
        str(io::detail::grouped(bytes.size()), " bytes are not a multiple of ", kRecord,
            " (label + 3 x 32 x 32): truncated, or not the binary version; download it again"),
        bytes.size() / kRecord * kRecord);
  }
  for (std::size_t i = 0; i < bytes.size(); i += kRecord) {
    if (std::to_integer<int>(bytes[i]) < kClassCount) continue;
    file.fail(str("label[", i / kRecord, "] = ", std::to_integer<int>(bytes[i]), " at offset ", i,
                  ": expected 0..", kClassCount - 1),
              i);
  }
  return bytes;
}

}  // namespace

CIFAR10::CIFAR10(const std::string& root, CIFAR10Options options) {
  for (std::size_t c = 0; c < 3; ++c)
    scales_[c] = detail::pixel_scale("cifar10", options.mean[c], options.std[c]);
  std::vector<std::vector<std::byte>> files;
  std::size_t count = 0;
  for (const std::string& path : find_files(root, options.train)) {
    files.push_back(read_records(path));
    count += files.back().size() / kRecord;
  }
  const auto rows = static_cast<std::int64_t>(count);
  images_ = empty({rows, 3, 32, 32}, {.dtype = kUInt8});
  targets_ = empty({rows}, {.dtype = kInt64});
  auto* image = images_.data_ptr<std::uint8_t>();
  auto* target = targets_.data_ptr<std::int64_t>();
  for (const std::vector<std::byte>& bytes : files) {
    for (std::size_t i = 0; i < bytes.size(); i += kRecord, image += kPixels) {
      *target++ = std::to_integer<std::int64_t>(bytes[i]);
      std::memcpy(image, bytes.data() + i + 1, kPixels);
    }
  }
  log_at(LogLevel::info, "cifar10: ", rows, options.train ? " training" : " test",
         " examples from ", root);
}

Example CIFAR10::get(std::int64_t index) const {
  const Batch batch = get_batch({&index, 1});
  return {batch.data.select(0, 0), batch.target.select(0, 0)};
}

Batch CIFAR10::get_batch(std::span<const std::int64_t> indices) const {
  for (const std::int64_t index : indices) check_index("cifar10", index, size());
  const Shape shape = {static_cast<std::int64_t>(indices.size()), 3, 32, 32};
  return {detail::gather_pixels(images_, indices, scales_, shape),
          detail::gather_rows(targets_, indices)};
}

}  // namespace tarn::data
