#include <cmath>

#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/data/transforms/normalize.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/str.h>

namespace tarn::data {
namespace {

void check_moments(double mean, double std) {
  if (!std::isfinite(mean))
    throw ValueError(str("Normalize: mean = ", mean, ": expected a finite number"));
  if (!std::isfinite(std) || std <= 0)
    throw ValueError(str("Normalize: std = ", std, ": expected a finite number > 0"));
}

}  // namespace

Normalize::Normalize(double mean, double std) {
  check_moments(mean, std);
  mean_ = scalar_tensor(mean, {.dtype = kFloat64});
  std_ = scalar_tensor(std, {.dtype = kFloat64});
}

Normalize::Normalize(const std::vector<double>& mean, const std::vector<double>& std) {
  if (mean.size() != std.size() || mean.empty()) {
    throw ValueError(str("Normalize: ", mean.size(), " means and ", std.size(),
                         " stds: expected as many, one per channel"));
  }
  for (std::size_t i = 0; i < mean.size(); ++i) check_moments(mean[i], std[i]);
  const Shape per_channel = {static_cast<std::int64_t>(mean.size()), 1, 1};
  mean_ = from_vector(mean, per_channel);
  std_ = from_vector(std, per_channel);
}

Tensor Normalize::operator()(const Tensor& x) const { return apply(x, 0); }

Tensor Normalize::apply_rows(const Tensor& x, const RowRandom&) const { return apply(x, 1); }

Tensor Normalize::apply(const Tensor& x, int channel_dim) const {
  if (mean_.dim() == 3 && (x.dim() != 3 + channel_dim || x.size(channel_dim) != mean_.size(0))) {
    throw ShapeError(str("Normalize: x is ", x.sizes(), ": expected [",
                         channel_dim == 1 ? "B, " : "", mean_.size(0), ", H, W] for ",
                         mean_.size(0), " means"));
  }
  if (!is_floating_point(x.dtype())) {
    throw DTypeError(str("Normalize: x is ", x.dtype(),
                         ": expected float32 or float64; pixels that are bytes become 0..1 by "
                         ".to(kFloat32) / 255"));
  }
  return div(sub(x, mean_.to(x.dtype())), std_.to(x.dtype()));
}

}  // namespace tarn::data
