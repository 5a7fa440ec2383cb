#include <tarn/autograd/ops/layer_norm.h>
#include <tarn/nn/init.h>
#include <tarn/nn/layer_norm.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/str.h>

namespace tarn::nn {
namespace {

const Shape& checked(const Shape& shape) {
  bool right = !shape.empty();
  for (int d = 0; d < shape.size(); ++d) right = right && shape[d] >= 1;
  if (!right) {
    throw ValueError(str("LayerNorm: normalized_shape = ", shape,
                         ": expected one or more sizes, each at least 1"));
  }
  return shape;
}

Tensor parameter_or_none(const Shape& shape, const LayerNormOptions& options) {
  return options.elementwise_affine ? empty(shape, {.dtype = options.dtype}) : Tensor();
}

}  // namespace

LayerNorm::LayerNorm(const Shape& shape, const LayerNormOptions& options)
    : normalized_shape(checked(shape)),
      eps(options.eps),
      weight(parameter("weight", parameter_or_none(shape, options))),
      bias(parameter("bias", parameter_or_none(shape, options))) {
  reset_parameters();
}

void LayerNorm::reset_parameters() {
  if (weight.defined()) init::ones_(weight);
  if (bias.defined()) init::zeros_(bias);
}

Tensor LayerNorm::forward(const Tensor& x) {
  return layer_norm(x, normalized_shape, weight, bias, eps, call_site());
}

std::string LayerNorm::extra() const {
  return str(normalized_shape, ", eps=", eps,
             ", elementwise_affine=", weight.defined() ? "True" : "False");
}

}  // namespace tarn::nn
