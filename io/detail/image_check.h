#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <tarn/io/detail/input_file.h>
#include <tarn/io/image.h>

namespace tarn::io::detail {

/// The bytes of an image file, as it is examined before a decoder sees it. Reading behind the end
/// throws FormatError.
class ImageBytes {
 public:
  ImageBytes(const InputFile& file, std::span<const std::byte> bytes)
      : file_(file), bytes_(bytes) {}

  std::size_t size() const { return bytes_.size(); }
  const std::byte* data() const { return bytes_.data(); }
  std::uint32_t byte(std::size_t offset) const {
    if (offset >= size()) fail("ends within its data; truncated", size());
    return std::to_integer<std::uint32_t>(bytes_[offset]);
  }
  std::uint32_t big16(std::size_t offset) const;
  std::uint32_t big32(std::size_t offset) const;
  std::uint32_t little16(std::size_t offset) const;
  std::uint32_t little32(std::size_t offset) const;
  /// Throws FormatError.
  [[noreturn]] void fail(const std::string& text, std::size_t offset) const;
  /// Throws FormatError unless an image of this size is within the limits.
  void check_size(std::uint64_t width, std::uint64_t height, std::size_t offset,
                  const ImageOptions& options) const;

 private:
  const InputFile& file_;
  std::span<const std::byte> bytes_;
};

/// Each throws FormatError unless the decoder can be trusted with the file.
void check_png(const ImageBytes& bytes, const ImageOptions& options);
void check_bmp(const ImageBytes& bytes, const ImageOptions& options);
void check_jpeg(const ImageBytes& bytes, const ImageOptions& options);

}  // namespace tarn::io::detail
