#include <cmath>

#include <tarn/data/detail/window.h>
#include <tarn/data/transforms/draws.h>
#include <tarn/data/transforms/random_erasing.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::data {
namespace {

constexpr int kAttempts = 10;

void check(bool good, const char* option, double value, const char* expected) {
  if (!good) {
    throw ValueError(str("RandomErasing: ", option, " = ", value, ": expected ", expected));
  }
}

}  // namespace

RandomErasing::RandomErasing(RandomErasingOptions options) : options_(options) {
  const auto& [p, min_area, max_area, min_ratio, max_ratio, value] = options;
  check(p >= 0 && p <= 1, "p", p, "0..1");
  check(min_area > 0 && min_area <= 1, "min_area", min_area, "a number > 0 and <= 1");
  check(max_area >= min_area && max_area <= 1, "max_area", max_area, "min_area..1");
  check(min_ratio > 0 && std::isfinite(min_ratio), "min_ratio", min_ratio, "a number > 0");
  check(max_ratio >= min_ratio && std::isfinite(max_ratio), "max_ratio", max_ratio,
        "a number >= min_ratio");
  check(std::isfinite(value), "value", value, "a finite number");
}

Tensor RandomErasing::operator()(const Tensor& x) const {
  detail::check_image("RandomErasing", x);
  Tensor erased = x.detach().clone();
  Draws draws(default_generator());
  if (x.numel() == 0 || draws.uniform(0, 1) >= options_.p) return erased;
  const auto pixels = static_cast<double>(x.size(-2) * x.size(-1));
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const double area = pixels * draws.uniform(options_.min_area, options_.max_area);
    const double ratio =
        std::exp(draws.uniform(std::log(options_.min_ratio), std::log(options_.max_ratio)));
    const auto height = std::llround(std::sqrt(area * ratio));
    const auto width = std::llround(std::sqrt(area / ratio));
    if (height < 1 || width < 1 || height > x.size(-2) || width > x.size(-1)) continue;
    erased.narrow(-2, draws.below(x.size(-2) - height + 1), height)
        .narrow(-1, draws.below(x.size(-1) - width + 1), width)
        .fill_(options_.value);
    break;
  }
  return erased;
}

}  // namespace tarn::data
