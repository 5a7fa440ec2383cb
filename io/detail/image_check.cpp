#include <tarn/io/detail/grouped.h>
#include <tarn/io/detail/image_check.h>
#include <tarn/tensor/str.h>

namespace tarn::io::detail {

std::uint32_t ImageBytes::big16(std::size_t offset) const {
  return byte(offset) << 8 | byte(offset + 1);
}

std::uint32_t ImageBytes::big32(std::size_t offset) const {
  return big16(offset) << 16 | big16(offset + 2);
}

std::uint32_t ImageBytes::little16(std::size_t offset) const {
  return byte(offset) | byte(offset + 1) << 8;
}

std::uint32_t ImageBytes::little32(std::size_t offset) const {
  return little16(offset) | little16(offset + 2) << 16;
}

void ImageBytes::fail(const std::string& text, std::size_t offset) const {
  file_.fail(text, offset);
}

void ImageBytes::check_size(std::uint64_t width, std::uint64_t height, std::size_t offset,
                            const ImageOptions& options) const {
  const auto side = static_cast<std::uint64_t>(options.max_side);
  if (width < 1 || height < 1 || width > side || height > side) {
    fail(str("says ", width, " x ", height, " pixels: expected 1..", side, " per side, .max_side"),
         offset);
  }
  if (width * height > static_cast<std::uint64_t>(options.max_pixels)) {
    fail(str("says ", width, " x ", height, " pixels: expected at most ",
             grouped(static_cast<std::uint64_t>(options.max_pixels)), ", .max_pixels"),
         offset);
  }
}

}  // namespace tarn::io::detail
