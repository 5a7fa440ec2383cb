#include <cmath>

#include <tarn/autograd/detail/channel_sum.h>
#include <tarn/autograd/detail/checks.h>
#include <tarn/autograd/detail/defined.h>
#include <tarn/autograd/detail/normalization.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/autograd/ops/batch_norm.h>
#include <tarn/autograd/record.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/kernels/batch_norm.h>
#include <tarn/tensor/str.h>

namespace tarn {
namespace {

const Op kBatchNorm{"batch_norm"};

void check_channel_values(const char* what, const Tensor& values, const Tensor& x) {
  if (values.defined() && values.sizes() != Shape{x.sizes()[1]}) {
    throw ShapeError(str("batch_norm: ", what, " has shape ", values.sizes(),
                         " but the input has shape ", x.sizes(), ": expected [", x.sizes()[1],
                         "], one value per channel"));
  }
}

void check(const Tensor& x, const Tensor& running_mean, const Tensor& running_var,
           const Tensor& weight, const Tensor& bias, const BatchNormOptions& o) {
  require_defined("batch_norm", {&x});
  if (x.dim() < 2)
    throw ShapeError(str("batch_norm: input has shape ", x.sizes(), ": expected [N, C, *]"));
  check_channel_values("running_mean", running_mean, x);
  check_channel_values("running_var", running_var, x);
  check_channel_values("weight", weight, x);
  check_channel_values("bias", bias, x);
  check_same_floating("batch_norm", {&x, &running_mean, &running_var, &weight, &bias});
  if (!(o.eps >= 0) || std::isinf(o.eps))
    throw ValueError(str("batch_norm: eps = ", o.eps, ": expected a finite number >= 0"));
  if (!(o.momentum >= 0 && o.momentum <= 1))
    throw ValueError(str("batch_norm: momentum = ", o.momentum, ": expected 0 to 1"));
  if (running_mean.defined() != running_var.defined() || (!o.training && !running_mean.defined())) {
    throw ValueError(str("batch_norm: running_", running_mean.defined() ? "var" : "mean",
                         " is undefined: expected both running statistics, or, with .training = "
                         "true, none"));
  }
  if (o.training && x.numel() > 0 && x.numel() == x.sizes()[1]) {
    throw ValueError(str("batch_norm: one value per channel in training, input of shape ",
                         x.sizes(),
                         ": expected more than 1 to take a variance of; use a larger "
                         "batch, or eval()"));
  }
}

void update(const Tensor& running, const Tensor& batch, double momentum) {
  const NoGradGuard no_grad;
  running.mul_(1 - momentum).add_(batch, momentum);
}

}  // namespace

Tensor batch_norm(const Tensor& x, const Tensor& running_mean, const Tensor& running_var,
                  const Tensor& weight, const Tensor& bias, const BatchNormOptions& o,
                  Where where) {
  check(x, running_mean, running_var, weight, bias, o);
  const kernels::ChannelMoments moments =
      o.training ? kernels::channel_moments(x)
                 : kernels::ChannelMoments{running_mean.detach(), running_var.detach()};
  const Normalization n(moments, o.eps, /*of_input=*/o.training);
  Tensor y = record(
      kBatchNorm, where, n.apply(x, weight, bias),
      wrt(x, [x = saved(x), w = saved(weight),
              n](const Tensor& g) { return n.input_gradient(g, x.get(), w.get()); }),
      wrt(weight, [x = saved(x), n](const Tensor& g) { return n.weight_gradient(g, x.get()); }),
      wrt(bias, channel_sum));
  if (o.training && running_mean.defined() && x.numel() > 0) {
    const auto count = static_cast<double>(x.numel() / x.sizes()[1]);
    update(running_mean, moments.mean, o.momentum);
    update(running_var, mul(moments.variance, count / (count - 1)), o.momentum);
  }
  return y;
}

}  // namespace tarn
