#include <tarn/autograd/detail/normalization.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/autograd/ops/pointwise.h>
#include <tarn/autograd/ops/reductions.h>
#include <tarn/autograd/ops/views.h>
#include <tarn/tensor/factories.h>

namespace tarn {
namespace {

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

}  // namespace

// Running moments change in place later.
Normalization::Normalization(const kernels::ChannelMoments& moments, double eps, bool of_input)
    : mean_(of_input ? moments.mean : exact(moments.mean)),
      inverse_std_(1 / sqrt(add(of_input ? moments.variance : exact(moments.variance), eps))),
      eps_(eps),
      of_input_(of_input) {}

// (x - mean) inverse_std and inverse_std as functions of x, for second derivatives.
struct Normalization::Standardized {
  Standardized(const Tensor& x, const Normalization& n) {
    if (n.of_input_) {
      const Tensor centered = sub(x, tarn::mean(x, other_dims(x), /*keepdim=*/true));
      const Tensor variance = tarn::mean(square(centered), other_dims(x), /*keepdim=*/true);
      inverse_std = pow(add(variance, n.eps_), -0.5);
      values = mul(centered, inverse_std);
    } else {
      inverse_std = along_channels(n.inverse_std_, x);
      values = mul(sub(x, along_channels(n.mean_, x)), inverse_std);
    }
  }
  Tensor values;
  Tensor inverse_std;
};

Tensor Normalization::scale(const Tensor& weight) const {
  return weight.defined() ? mul(inverse_std_, exact(weight)) : inverse_std_;
}

Tensor Normalization::apply(const Tensor& x, const Tensor& weight, const Tensor& bias) const {
  return kernels::normalize_channels(x, mean_, scale(weight), bias.defined() ? exact(bias) : bias);
}

Tensor Normalization::input_gradient(const Tensor& g, const Tensor& x, const Tensor& weight) const {
  if (!is_grad_enabled()) {
    if (!of_input_) return mul(g, along_channels(scale(weight), x));
    return kernels::batch_norm_gradient(g, x, mean_, inverse_std_, scale(weight));
  }
  const Standardized h(x, *this);
  const Tensor factor =
      weight.defined() ? mul(h.inverse_std, along_channels(weight, x)) : h.inverse_std;
  if (!of_input_) return mul(g, factor);
  const Shape dims = other_dims(x);
  const Tensor along_h = mul(h.values, mean(mul(g, h.values), dims, /*keepdim=*/true));
  return mul(factor, sub(sub(g, mean(g, dims, /*keepdim=*/true)), along_h));
}

Tensor Normalization::weight_gradient(const Tensor& g, const Tensor& x) const {
  if (!is_grad_enabled())
    return to(kernels::channel_products(g, x, mean_, inverse_std_).product, x.dtype());
  return sum(mul(g, Standardized(x, *this).values), other_dims(x));
}

}  // namespace tarn
