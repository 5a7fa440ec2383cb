#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>
#include <vector>

#include <tarn/autograd/grad_mode.h>
#include <tarn/nn/init.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/random.h>
#include <tarn/tensor/str.h>

namespace tarn::nn::init {
namespace {

double cdf(double z) { return std::erfc(-z / std::numbers::sqrt2) / 2; }

double pdf(double z) {
  return std::exp(-z * z / 2) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
}

// The z in [low, high] with cdf(z) = p: Newton's steps, and halving where they lead outside.
double quantile(double p, double low, double high) {
  double z = (low + high) / 2;
  for (int i = 0; i < 100; ++i) {
    const double excess = cdf(z) - p;
    (excess > 0 ? high : low) = z;
    double next = z - excess / pdf(z);
    if (!(next > low && next < high)) next = (low + high) / 2;
    if (std::abs(next - z) <= 1e-15 * std::max(1.0, std::abs(z))) return next;
    z = next;
  }
  return z;
}

}  // namespace

const Tensor& trunc_normal_(const Tensor& x, double mean, double std, double a, double b) {
  const bool finite =
      std::isfinite(mean) && std::isfinite(std) && std::isfinite(a) && std::isfinite(b);
  if (!finite || std <= 0 || a >= b) {
    throw ValueError(str("trunc_normal_: mean = ", mean, ", std = ", std, ", a = ", a, ", b = ", b,
                         ": expected finite numbers, std > 0, a < b"));
  }
  if (!is_floating_point(x.dtype()))
    throw DTypeError(str("trunc_normal_: expected float32 or float64, got ", x.dtype()));
  double low = (a - mean) / std;
  double high = (b - mean) / std;
  // In the left half, where the distribution function keeps its digits.
  const double sign = low > 0 ? -1 : 1;
  if (low > 0) low = -std::exchange(high, -low);
  const double first = cdf(low);
  const double span = cdf(high) - first;
  std::vector<double> values = rand(x.sizes(), {.dtype = kFloat64}).to_vector();
  for (double& value : values) {
    const double z = sign * quantile(first + value * span, low, high);
    value = std::clamp(mean + std * z, a, b);
  }
  const NoGradGuard no_grad;
  return x.copy_(from_vector(values, x.sizes()));
}

}  // namespace tarn::nn::init
