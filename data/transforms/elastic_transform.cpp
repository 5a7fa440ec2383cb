#include <algorithm>
#include <cmath>

#include <tarn/data/transforms/elastic_transform.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::data {
namespace {

constexpr double kMaxAlpha = 1e6;
constexpr double kMinSigma = 0.01;
constexpr double kMaxSigma = 1000;

std::vector<float> gaussian(double sigma) {
  std::vector<double> weights;
  double sum = 0;
  const long radius = std::lround(4 * sigma);
  for (long i = 0; i <= radius; ++i) {
    weights.push_back(std::exp(-0.5 * static_cast<double>(i * i) / (sigma * sigma)));
    sum += i == 0 ? weights[0] : 2 * weights.back();
  }
  std::vector<float> result;
  result.reserve(weights.size());
  for (const double weight : weights) result.push_back(static_cast<float>(weight / sum));
  return result;
}

// Convolves the columns of from [height, width] and writes the result transposed: twice is a
// convolution in both directions, with inner loops that go along rows.
void blur_columns(const std::vector<float>& weights, const float* from, std::int64_t height,
                  std::int64_t width, float* row, float* to) {
  const auto radius = static_cast<std::int64_t>(weights.size()) - 1;
  for (std::int64_t i = 0; i < height; ++i) {
    std::fill_n(row, width, 0.0F);
    const std::int64_t last = std::min(i + radius, height - 1);
    for (std::int64_t k = std::max<std::int64_t>(i - radius, 0); k <= last; ++k) {
      const float weight = weights[static_cast<std::size_t>(std::abs(k - i))];
      for (std::int64_t j = 0; j < width; ++j) row[j] += weight * from[k * width + j];
    }
    for (std::int64_t j = 0; j < width; ++j) to[j * height + i] = row[j];
  }
}

}  // namespace

ElasticTransform::ElasticTransform(ElasticTransformOptions options)
    : Warp("ElasticTransform", options.fill), alpha_(static_cast<float>(options.alpha)) {
  if (!(options.alpha >= 0 && options.alpha <= kMaxAlpha)) {
    throw ValueError(str("ElasticTransform: alpha = ", options.alpha, ": expected 0..", kMaxAlpha));
  }
  if (!(options.sigma >= kMinSigma && options.sigma <= kMaxSigma)) {
    throw ValueError(str("ElasticTransform: sigma = ", options.sigma, ": expected ", kMinSigma,
                         "..", kMaxSigma));
  }
  weights_ = gaussian(options.sigma);
}

void ElasticTransform::bend(WarpField& field, Draws& draws) const {
  const std::size_t pixels = field.x.size();
  const auto longest = static_cast<std::size_t>(std::max(field.height, field.width));
  thread_local std::vector<float> memory;
  memory.resize(2 * pixels + longest);
  float* const first = memory.data();
  float* const second = first + pixels;
  float* const row = second + pixels;
  for (float* const places : {field.y.data(), field.x.data()}) {
    draws.fill_symmetric({first, pixels});
    blur_columns(weights_, first, field.height, field.width, row, second);
    blur_columns(weights_, second, field.width, field.height, row, first);
    for (std::size_t p = 0; p < pixels; ++p) places[p] += alpha_ * first[p];
  }
}

}  // namespace tarn::data
