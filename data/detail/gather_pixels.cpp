#include <algorithm>
#include <cmath>

#include <tarn/data/detail/gather_pixels.h>
#include <tarn/data/detail/gather_rows.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/str.h>

namespace tarn::data::detail {
namespace {

// Pixels that one thread converts at a time, about 2 us: less does not pay for another one.
constexpr std::int64_t kGrainPixels = 25'000;

void convert(const std::byte* __restrict from, PixelScale pixel, std::size_t count,
             float* __restrict to) {
  for (std::size_t p = 0; p < count; ++p)
    to[p] = static_cast<float>(from[p]) * pixel.scale + pixel.shift;
}

}  // namespace

PixelScale pixel_scale(const char* name, double mean, double std) {
  const PixelScale pixel{static_cast<float>(1 / (255 * std)), static_cast<float>(-mean / std)};
  if (!std::isfinite(mean))
    throw ValueError(str(name, ": mean = ", mean, ": expected a finite number"));
  if (!std::isfinite(std) || !(std > 0) || !std::isfinite(pixel.scale) ||
      !std::isfinite(pixel.shift)) {
    throw ValueError(
        str(name, ": std = ", std, ": expected a finite number > 0 (pixels lie in 0..1)"));
  }
  return pixel;
}

Tensor gather_pixels(const Tensor& images, std::span<const std::int64_t> indices,
                     std::span<const PixelScale> scales, const Shape& shape) {
  Tensor data = empty(shape);
  if (data.numel() == 0) return data;
  const auto pixels = static_cast<std::size_t>(images.numel() / images.size(0));
  const std::size_t plane = pixels / scales.size();
  float* const values = data.data_ptr<float>();
  const auto grain = std::max<std::int64_t>(kGrainPixels / static_cast<std::int64_t>(pixels), 1);
  for_rows(images.impl().data(), pixels, indices, grain,
           [&](std::size_t i, const std::byte* image) {
             for (std::size_t c = 0; c < scales.size(); ++c)
               convert(image + c * plane, scales[c], plane, values + i * pixels + c * plane);
           });
  return data;
}

}  // namespace tarn::data::detail
