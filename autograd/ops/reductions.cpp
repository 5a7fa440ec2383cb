#include <tarn/autograd/detail/defined.h>
#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/autograd/ops/reductions.h>
#include <tarn/autograd/ops/views.h>
#include <tarn/autograd/record.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/kernels/reduce.h>
#include <tarn/tensor/str.h>

namespace tarn {
namespace {

const Op kSum{"sum"};
const Op kMean{"mean"};

// A gradient for each sum, repeated over what was summed.
Tensor spread(const Tensor& gradient, const Shape& sizes, kernels::DimMask mask) {
  return expand(reshape(gradient, kernels::reduced_shape(sizes, mask, /*keepdim=*/true)), sizes);
}

Tensor sum_over(const Tensor& x, kernels::DimMask mask, bool keepdim, const Where& where) {
  return record(
      kSum, where, kernels::sum(x, mask, keepdim),
      wrt(x, [sizes = x.sizes(), mask](const Tensor& g) { return spread(g, sizes, mask); }));
}

kernels::DimMask all_dims(const Tensor& x) { return (1U << x.dim()) - 1; }

}  // namespace

Tensor sum(const Tensor& x, Where where) {
  require_defined("sum", {&x});
  return sum_over(x, all_dims(x), false, where);
}

Tensor sum(const Tensor& x, const Shape& dims, bool keepdim, Where where) {
  require_defined("sum", {&x});
  return sum_over(x, kernels::dim_mask("sum", dims, x.dim()), keepdim, where);
}

Tensor mean(const Tensor& x, Where where) { return mean(x, Shape(), false, where); }

Tensor mean(const Tensor& x, const Shape& dims, bool keepdim, Where where) {
  require_defined("mean", {&x});
  if (!is_floating_point(x.dtype())) {
    throw DTypeError(
        str("mean: expected float32 or float64, got ", x.dtype(), "; convert with .to(kFloat32)"));
  }
  const kernels::DimMask mask = kernels::dim_mask("mean", dims, x.dim());
  double count = 1;
  for (int d = 0; d < x.dim(); ++d) {
    if (mask >> d & 1U) count *= static_cast<double>(x.sizes()[d]);
  }
  return record(kMean, where, kernels::sum(x, mask, keepdim, count),
                wrt(x, [sizes = x.sizes(), mask, count](const Tensor& g) {
                  return spread(div(g, scalar_tensor(count, {.dtype = g.dtype()})), sizes, mask);
                }));
}

Tensor argmax(const Tensor& x, std::int64_t dim, bool keepdim) {
  require_defined("argmax", {&x});
  return kernels::argmax(x, wrap_dim("argmax", dim, x.dim()), keepdim);
}

Tensor sum_to(const Tensor& x, const Shape& shape, Where where) {
  require_defined("sum_to", {&x});
  if (x.sizes() == shape) return x;
  const int extra = x.dim() - shape.size();
  kernels::DimMask mask = 0;
  for (int d = 0; d < x.dim(); ++d) {
    const std::int64_t target = d < extra ? 1 : shape[d - extra];
    if (extra < 0 || (target != x.sizes()[d] && target != 1)) {
      throw ShapeError(str("sum_to: shape ", x.sizes(), " cannot be summed to ", shape,
                           ": expected a shape that broadcasts to it"));
    }
    if (d < extra || target != x.sizes()[d]) mask |= 1U << d;
  }
  if (extra < 0) throw ShapeError(str("sum_to: shape ", x.sizes(), " cannot be summed to ", shape));
  return reshape(sum_over(x, mask, /*keepdim=*/true, where), shape, where);
}

}  // namespace tarn
