#include <tarn/autograd/detail/defined.h>
#include <tarn/autograd/detail/normalization.h>
#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/autograd/ops/layer_norm.h>
#include <tarn/autograd/ops/views.h>
#include <tarn/autograd/record.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn {
namespace {

const Op kLayerNorm{"layer_norm"};

void check(const Tensor& x, const Shape& normalized_shape, double eps,
           std::initializer_list<const Tensor*> affine) {
  const int first = x.dim() - normalized_shape.size();
  bool fits = first >= 0 && !normalized_shape.empty();
  for (int d = 0; fits && d < normalized_shape.size(); ++d)
    fits = x.sizes()[first + d] == normalized_shape[d];
  if (!fits) {
    throw ShapeError(str("layer_norm: input has shape ", x.sizes(), " and normalized_shape is ",
                         normalized_shape, ": expected the input's last dimensions"));
  }
  if (!is_floating_point(x.dtype()))
    throw DTypeError(str("layer_norm: expected float32 or float64, got ", x.dtype()));
  if (!(eps >= 0)) throw ValueError(str("layer_norm: eps = ", eps, ": expected a number >= 0"));
  for (const Tensor* const parameter : affine) {
    if (!parameter->defined()) continue;
    if (parameter->sizes() != normalized_shape) {
      throw ShapeError(str("layer_norm: weight or bias has shape ", parameter->sizes(),
                           ": expected normalized_shape ", normalized_shape));
    }
    if (parameter->dtype() != x.dtype()) {
      throw DTypeError(str("layer_norm: input is ", x.dtype(), " and weight or bias ",
                           parameter->dtype(), ": expected the same; convert one with .to()"));
    }
  }
}

}  // namespace

Tensor layer_norm(const Tensor& x, const Shape& normalized_shape, const Tensor& weight,
                  const Tensor& bias, double eps, Where where) {
  require_defined("layer_norm", {&x});
  check(x, normalized_shape, eps, {&weight, &bias});
  std::int64_t width = 1;
  for (const std::int64_t size : normalized_shape) width *= size;
  // Each row is a channel.
  const Shape rows{1, width == 0 ? 0 : x.numel() / width, width};
  const Tensor input = reshape(x.detach(), rows);
  const Normalization n(kernels::channel_moments(input), eps, /*of_input=*/true);
  Tensor y = record(kLayerNorm, where, reshape(n.apply(input, {}, {}), x.sizes()).detach(),
                    wrt(x, [x = saved(x), n, rows](const Tensor& g) {
                      const Tensor value = x.get();
                      const Tensor gradient =
                          n.input_gradient(reshape(g, rows), reshape(value, rows), {});
                      return reshape(gradient, value.sizes());
                    }));
  if (weight.defined()) y = mul(y, weight, where);
  return bias.defined() ? add(y, bias, 1, where) : y;
}

}  // namespace tarn
