#include <cmath>

#include <tarn/autograd/detail/channel_sum.h>
#include <tarn/autograd/detail/checks.h>
#include <tarn/autograd/detail/defined.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/autograd/ops/batch_norm.h>
#include <tarn/autograd/ops/pointwise.h>
#include <tarn/autograd/ops/reductions.h>
#include <tarn/autograd/ops/views.h>
#include <tarn/autograd/record.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/kernels/batch_norm.h>
#include <tarn/tensor/str.h>

namespace tarn {
namespace {

const Op kBatchNorm{"batch_norm"};

// All but the channels.
Shape other_dims(const Tensor& x) {
  Shape dims{0};
  for (int d = 2; d < x.dim(); ++d) dims.push_back(d);
  return dims;
}

// [C] in the form and type in which it broadcasts over x.
Tensor along_channels(const Tensor& values, const Tensor& x) {
  Shape sizes = Shape::filled(x.dim(), 1);
  sizes[1] = x.sizes()[1];
  return reshape(to(values, x.dtype()), sizes);
}

// A contiguous copy of [C] in float64, outside the graph.
Tensor exact(const Tensor& values) {
  Tensor copy = empty(values.sizes(), {.dtype = kFloat64});
  copy.copy_(values.detach());
  return copy;
}

// What a batch norm keeps for its gradients.
struct Normalization {
  Tensor mean;         // [C] float64
  Tensor inverse_std;  // [C] float64
  double eps;
  bool training;  // both depend on x
};

// (x - mean) inverse_std and inverse_std as functions of x, for second derivatives.
struct Standardized {
  Standardized(const Tensor& x, const Normalization& n) {
    if (n.training) {
      const Tensor centered = sub(x, tarn::mean(x, other_dims(x), /*keepdim=*/true));
      const Tensor variance = tarn::mean(square(centered), other_dims(x), /*keepdim=*/true);
      inverse_std = pow(add(variance, n.eps), -0.5);
      values = mul(centered, inverse_std);
    } else {
      inverse_std = along_channels(n.inverse_std, x);
      values = mul(sub(x, along_channels(n.mean, x)), inverse_std);
    }
  }
  Tensor values;
  Tensor inverse_std;
};

Tensor input_gradient(const Tensor& g, const Tensor& x, const Tensor& weight,
                      const Normalization& n) {
  if (!is_grad_enabled()) {
    const Tensor scale = weight.defined() ? mul(n.inverse_std, exact(weight)) : n.inverse_std;
    if (n.training) return kernels::batch_norm_gradient(g, x, n.mean, n.inverse_std, scale);
    return mul(g, along_channels(scale, x));
  }
  const Standardized h(x, n);
  const Tensor scale =
      weight.defined() ? mul(h.inverse_std, along_channels(weight, x)) : h.inverse_std;
  if (!n.training) return mul(g, scale);
  const Shape dims = other_dims(x);
  const Tensor along_h = mul(h.values, mean(mul(g, h.values), dims, /*keepdim=*/true));
  return mul(scale, sub(sub(g, mean(g, dims, /*keepdim=*/true)), along_h));
}

Tensor weight_gradient(const Tensor& g, const Tensor& x, const Normalization& n) {
  if (!is_grad_enabled()) {
    return to(kernels::channel_products(g, x, n.mean, n.inverse_std).product, x.dtype());
  }
  return sum(mul(g, Standardized(x, n).values), other_dims(x));
}

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

Normalization normalization(const Tensor& mean, const Tensor& variance, const BatchNormOptions& o) {
  return {mean, pow(add(variance, o.eps), -0.5), o.eps, o.training};
}

Tensor normalize(const Tensor& x, const Normalization& n, const Tensor& weight,
                 const Tensor& bias) {
  return kernels::normalize_channels(
      x, n.mean, weight.defined() ? mul(n.inverse_std, exact(weight)) : n.inverse_std,
      bias.defined() ? exact(bias) : bias);
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
                 : kernels::ChannelMoments{exact(running_mean), exact(running_var)};
  const Normalization n = normalization(moments.mean, moments.variance, o);
  Tensor y = record(
      kBatchNorm, where, normalize(x, n, weight, bias),
      wrt(x, [x = saved(x), w = saved(weight),
              n](const Tensor& g) { return input_gradient(g, x.get(), w.get(), n); }),
      wrt(weight, [x = saved(x), n](const Tensor& g) { return weight_gradient(g, x.get(), n); }),
      wrt(bias, channel_sum));
  if (o.training && running_mean.defined() && x.numel() > 0) {
    const auto count = static_cast<double>(x.numel() / x.sizes()[1]);
    update(running_mean, moments.mean, o.momentum);
    update(running_var, mul(moments.variance, count / (count - 1)), o.momentum);
  }
  return y;
}

}  // namespace tarn
