#include <cmath>

#include <tarn/autograd/detail/defined.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/ops/batch_norm.h>
#include <tarn/nn/batch_norm.h>
#include <tarn/nn/detail/at_least_one.h>
#include <tarn/nn/init.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/str.h>

namespace tarn::nn {
namespace {

std::int64_t check(std::int64_t features, const BatchNormOptions& o) {
  at_least_one("BatchNorm", "num_features", features);
  if (!(o.eps >= 0) || std::isinf(o.eps))
    throw ValueError(str("BatchNorm: eps = ", o.eps, ": expected a finite number >= 0"));
  if (o.momentum && !(*o.momentum >= 0 && *o.momentum <= 1))
    throw ValueError(str("BatchNorm: momentum = ", *o.momentum, ": expected 0 to 1, or nullopt"));
  return features;
}

Tensor values(bool wanted, std::int64_t features, DType dtype) {
  return wanted ? empty({features}, {.dtype = dtype}) : Tensor();
}

}  // namespace

BatchNorm::BatchNorm(const char* form, int min_dim, int max_dim, std::int64_t features,
                     const BatchNormOptions& o)
    : num_features(check(features, o)),
      options(o),
      momentum(o.momentum),
      weight(parameter("weight", values(o.affine, features, o.dtype))),
      bias(parameter("bias", values(o.affine, features, o.dtype))),
      running_mean(buffer("running_mean", values(o.track_running_stats, features, o.dtype))),
      running_var(buffer("running_var", values(o.track_running_stats, features, o.dtype))),
      num_batches_tracked(buffer("num_batches_tracked",
                                 o.track_running_stats ? zeros({}, {.dtype = kInt64}) : Tensor())),
      form_(form),
      min_dim_(min_dim),
      max_dim_(max_dim) {
  reset_parameters();
  reset_running_stats();
}

void BatchNorm::reset_parameters() {
  if (weight.defined()) init::ones_(weight);
  if (bias.defined()) init::zeros_(bias);
}

void BatchNorm::reset_running_stats() {
  if (running_mean.defined()) init::zeros_(running_mean);
  if (running_var.defined()) init::ones_(running_var);
  if (num_batches_tracked.defined()) num_batches_tracked.zero_();
}

Tensor BatchNorm::forward(const Tensor& x) {
  require_defined("batch_norm", {&x});
  if (x.dim() < min_dim_ || x.dim() > max_dim_ || x.sizes()[1] != num_features) {
    throw ShapeError(str(type_name(), ": input has shape ", x.sizes(), ": expected ", form_,
                         " with C = ", num_features));
  }
  const bool track = is_training() && num_batches_tracked.defined() && x.numel() > 0;
  double share = momentum.value_or(0);
  if (track && !momentum) share = 1 / (num_batches_tracked.item<double>() + 1);
  Tensor y = batch_norm(
      x, running_mean, running_var, weight, bias,
      {.training = is_training() || !running_mean.defined(), .momentum = share, .eps = options.eps},
      call_site());
  if (track) num_batches_tracked.add_(1);
  return y;
}

std::string BatchNorm::extra() const {
  return str(num_features, ", eps=", options.eps, ", momentum=", momentum ? str(*momentum) : "None",
             ", affine=", options.affine ? "True" : "False",
             ", track_running_stats=", options.track_running_stats ? "True" : "False");
}

BatchNorm1d::BatchNorm1d(std::int64_t features, const BatchNormOptions& o)
    : BatchNorm("[N, C] or [N, C, L]", 2, 3, features, o) {}

BatchNorm2d::BatchNorm2d(std::int64_t features, const BatchNormOptions& o)
    : BatchNorm("[N, C, H, W]", 4, 4, features, o) {}

}  // namespace tarn::nn
