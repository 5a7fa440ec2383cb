#include <cstdlib>
#include <memory>
#include <string_view>

#include <tarn/io/detail/image_check.h>
#include <tarn/io/detail/input_file.h>
#include <tarn/io/image.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/str.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-but-set-variable"
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_NO_STDIO
#define STBI_ONLY_PNG
#define STBI_ONLY_BMP
#define STBI_ONLY_JPEG
#define STBI_MAX_DIMENSIONS 16384
// Should the decoder leave pixels unwritten, they are to be the same on every run.
#define STBI_MALLOC(size) std::calloc(1, size)
#define STBI_REALLOC(memory, size) std::realloc(memory, size)
#define STBI_FREE(memory) std::free(memory)
#include <stb_image.h>
#pragma GCC diagnostic pop

namespace tarn::io {
namespace {

constexpr std::size_t kMaxFile = std::size_t{1} << 26;

void check_option(const char* name, std::int64_t value, bool good, const char* expected) {
  if (!good) throw ValueError(str("image: ", name, " = ", value, ": expected ", expected));
}

bool starts_with(const std::vector<std::byte>& bytes, std::string_view magic) {
  return bytes.size() >= magic.size() &&
         std::string_view(reinterpret_cast<const char*>(bytes.data()), magic.size()) == magic;
}

void check(const detail::InputFile& file, const std::vector<std::byte>& bytes,
           const ImageOptions& options) {
  const detail::ImageBytes image(file, bytes);
  if (starts_with(bytes, "\x89PNG\r\n\x1a\n")) return detail::check_png(image, options);
  if (starts_with(bytes, "\xff\xd8\xff")) return detail::check_jpeg(image, options);
  if (starts_with(bytes, "BM")) return detail::check_bmp(image, options);
  const char* const guess = starts_with(bytes, "GIF8")   ? "looks like GIF"
                            : starts_with(bytes, "RIFF") ? "looks like WebP"
                            : starts_with(bytes, "II*") || starts_with(bytes, "MM\0*")
                                ? "looks like TIFF"
                                : "is no image, or of an unknown kind";
  file.fail(str(guess, ": supported are PNG, JPEG and BMP"), 0);
}

struct Free {
  void operator()(stbi_uc* pixels) const { stbi_image_free(pixels); }
};

}  // namespace

Tensor read_image(const std::string& path, const ImageOptions& options) {
  check_option("channels", options.channels, options.channels == 1 || options.channels == 3,
               "1 or 3");
  check_option("max_side", options.max_side,
               options.max_side >= 1 && options.max_side <= STBI_MAX_DIMENSIONS, "1..16384");
  check_option("max_pixels", options.max_pixels, options.max_pixels >= 1, ">= 1");
  detail::InputFile file("image", path);
  const std::vector<std::byte> bytes = file.read_all(kMaxFile);
  check(file, bytes, options);

  const auto channels = static_cast<int>(options.channels);
  int width = 0;
  int height = 0;
  int stored = 0;
  const std::unique_ptr<stbi_uc, Free> pixels(
      stbi_load_from_memory(reinterpret_cast<const stbi_uc*>(bytes.data()),
                            static_cast<int>(bytes.size()), &width, &height, &stored, channels));
  if (!pixels) file.fail(str("cannot be decoded (", stbi_failure_reason(), ")"), 0);
  Tensor image = empty({channels, height, width}, {.dtype = kUInt8});
  auto* const to = image.data_ptr<std::uint8_t>();
  const std::int64_t plane = std::int64_t{height} * width;
  for (std::int64_t p = 0; p < plane; ++p)
    for (std::int64_t c = 0; c < channels; ++c) to[c * plane + p] = pixels.get()[p * channels + c];
  return image;
}

}  // namespace tarn::io
