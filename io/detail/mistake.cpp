#include <algorithm>
#include <cmath>

#include <tarn/io/detail/mistake.h>

namespace tarn::io::detail {
namespace {

constexpr std::int64_t kMaxSide = 512;  // a page of larger ones would be slow to open

}  // namespace

Picture picture_of(const Tensor& input, std::int64_t index) {
  const std::int64_t dim = input.dim();
  if (dim != 3 && dim != 4) return {};
  Picture picture{input.size(dim - 2), input.size(dim - 1), dim == 4 ? input.size(1) : 1};
  const auto& [height, width, channels, pixels] = picture;
  if (channels != 1 && channels != 3) return {};
  if (height < 1 || width < 1 || height > kMaxSide || width > kMaxSide) return {};
  const auto values = input.select(0, index).to_vector<double>();
  double low = INFINITY;
  double high = -INFINITY;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  const std::int64_t area = height * width;
  picture.pixels.resize(values.size());
  for (std::int64_t pixel = 0; pixel < area; ++pixel) {
    for (std::int64_t channel = 0; channel < channels; ++channel) {
      const double value = values[static_cast<std::size_t>(channel * area + pixel)];
      const double share = high > low && std::isfinite(value) ? (value - low) / (high - low) : 0.5;
      picture.pixels[static_cast<std::size_t>(pixel * channels + channel)] =
          static_cast<std::uint8_t>(std::lround(255 * share));
    }
  }
  return picture;
}

}  // namespace tarn::io::detail
