#include <cstdlib>

#include <tarn/io/detail/grouped.h>
#include <tarn/io/detail/image_check.h>
#include <tarn/tensor/str.h>

namespace tarn::io::detail {
namespace {

constexpr std::size_t kFileHeader = 14;
constexpr std::uint32_t kCore = 12;  // bytes of the oldest header
constexpr std::uint32_t kInfo = 40;
constexpr std::uint32_t kBitFields = 3;

}  // namespace

void check_bmp(const ImageBytes& bytes, const ImageOptions& options) {
  const std::uint64_t pixels_at = bytes.little32(10);
  const std::uint32_t header = bytes.little32(kFileHeader);
  if (header != kCore && header != kInfo && header != 56 && header != 108 && header != 124) {
    bytes.fail(
        str("BMP header of ", header, " bytes at offset 14: expected 12, 40, 56, 108 or 124"),
        kFileHeader);
  }
  const bool core = header == kCore;
  std::int64_t width = 0;
  std::int64_t height = 0;
  if (core) {
    width = bytes.little16(18);
    height = bytes.little16(20);
  } else {
    width = static_cast<std::int32_t>(bytes.little32(18));
    height = std::abs(std::int64_t{static_cast<std::int32_t>(bytes.little32(22))});
  }
  if (width < 0) bytes.fail(str("says ", width, " pixels per row"), 18);
  bytes.check_size(static_cast<std::uint64_t>(width), static_cast<std::uint64_t>(height), 18,
                   options);
  const std::size_t planes = core ? 22 : 26;
  const std::uint32_t depth = bytes.little16(planes + 2);
  const std::uint32_t compression = core ? 0 : bytes.little32(30);
  const bool bits =
      depth == 1 || depth == 4 || depth == 8 || depth == 16 || depth == 24 || depth == 32;
  const bool fields = compression == kBitFields && (depth == 16 || depth == 32);
  if (bytes.little16(planes) != 1 || !bits || (compression != 0 && !fields)) {
    bytes.fail(str("BMP with ", depth, " bits per pixel and compression ", compression,
                   ": supported are 1, 4, 8, 16, 24 and 32 bits without compression"),
               planes);
  }
  const std::uint64_t colors = depth <= 8 ? std::uint64_t{1} << depth : 0;
  const std::uint64_t masks = fields && header == kInfo ? 12 : 0;
  const std::uint64_t least = kFileHeader + header + masks;
  if (pixels_at < least || (colors > 0 && pixels_at > least + colors * (core ? 3 : 4))) {
    bytes.fail(str("pixels at offset ", pixels_at, ": expected them behind the header of ", least,
                   " bytes and at most ", colors, " colours"),
               10);
  }
  const std::uint64_t row = (static_cast<std::uint64_t>(width) * depth + 31) / 32 * 4;
  const std::uint64_t end = pixels_at + row * static_cast<std::uint64_t>(height);
  if (end > bytes.size()) {
    bytes.fail(str("header promises ", grouped(end), " bytes, the file has ", grouped(bytes.size()),
                   "; truncated"),
               bytes.size());
  }
}

}  // namespace tarn::io::detail
