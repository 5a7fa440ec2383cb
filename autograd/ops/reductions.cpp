#include <algorithm>
#include <cmath>

#include <tarn/autograd/detail/defined.h>
#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/autograd/ops/comparison.h>
#include <tarn/autograd/ops/indexing.h>
#include <tarn/autograd/ops/joining.h>
#include <tarn/autograd/ops/ordering.h>
#include <tarn/autograd/ops/pointwise.h>
#include <tarn/autograd/ops/reductions.h>
#include <tarn/autograd/ops/views.h>
#include <tarn/autograd/record.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/kernels/order.h>
#include <tarn/tensor/kernels/reduce.h>
#include <tarn/tensor/str.h>

namespace tarn {
namespace {

const Op kSum{"sum"};
const Op kMean{"mean"};
const Op kCumsum{"cumsum"};

// A gradient for each sum, repeated over what was summed.
Tensor spread(const Tensor& gradient, const Shape& sizes, kernels::DimMask mask) {
  return expand(reshape(gradient, kernels::reduced_shape(sizes, mask, /*keepdim=*/true)), sizes);
}

Tensor sum_over(const Tensor& x, kernels::DimMask mask, bool keepdim, const Where& where) {
  return record(
      kSum, where, kernels::sum(x, mask, keepdim),
      wrt(x, [sizes = x.sizes(), mask](const Tensor& g) { return spread(g, sizes, mask); }));
}

double reduced_count(const Tensor& x, kernels::DimMask mask) {
  double count = 1;
  for (int d = 0; d < x.dim(); ++d) {
    if (mask >> d & 1U) count *= static_cast<double>(x.sizes()[d]);
  }
  return count;
}

void require_floating(const char* op, const Tensor& x) {
  require_defined(op, {&x});
  if (is_floating_point(x.dtype())) return;
  throw DTypeError(
      str(op, ": expected float32 or float64, got ", x.dtype(), "; convert with .to(kFloat32)"));
}

// The square root of numbers >= 0, with gradient 0 instead of infinity at 0.
Tensor root(const Tensor& x, const Where& where) {
  const Tensor zero = eq(x, 0);
  return masked_fill(sqrt(masked_fill(x, zero, 1, where), where), zero, 0, where);
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
  require_floating("mean", x);
  const kernels::DimMask mask = kernels::dim_mask("mean", dims, x.dim());
  const double count = reduced_count(x, mask);
  return record(kMean, where, kernels::sum(x, mask, keepdim, count),
                wrt(x, [sizes = x.sizes(), mask, count](const Tensor& g) {
                  return spread(div(g, scalar_tensor(count, {.dtype = g.dtype()})), sizes, mask);
                }));
}

Tensor var(const Tensor& x, const Shape& dims, double correction, bool keepdim, Where where) {
  require_floating("var", x);
  const kernels::DimMask mask = kernels::dim_mask("var", dims, x.dim());
  const Tensor distance = sub(x, mean(x, dims, /*keepdim=*/true, where), 1, where);
  const double count = reduced_count(x, mask) - correction;
  // No elements are left over: 0 / 0, as the definition says.
  return div(sum_over(square(distance, where), mask, keepdim, where),
             scalar_tensor(std::max(count, 0.0), {.dtype = x.dtype()}), where);
}

Tensor std(const Tensor& x, const Shape& dims, double correction, bool keepdim, Where where) {
  require_floating("std", x);
  return root(var(x, dims, correction, keepdim, where), where);
}

Tensor norm(const Tensor& x, double p, const Shape& dims, bool keepdim, Where where) {
  require_floating("norm", x);
  if (std::isnan(p)) throw ValueError("norm: p is NaN");
  if (p == 0) {
    // In the graph, with gradient 0.
    const Tensor zero = eq(x, 0);
    const Tensor counted = masked_fill(masked_fill(x, zero, 0, where), ~zero, 1, where);
    return sum(counted, dims, keepdim, where);
  }
  const Tensor size = abs(x, where);
  if (p == 1) return sum(size, dims, keepdim, where);
  if (std::isinf(p))
    return p > 0 ? amax(size, dims, keepdim, where) : amin(size, dims, keepdim, where);
  if (p == 2) return root(sum(square(x, where), dims, keepdim, where), where);
  const Tensor total = sum(pow(size, p, where), dims, keepdim, where);
  if (p < 0) return pow(total, 1 / p, where);
  const Tensor zero = eq(total, 0);
  return masked_fill(pow(masked_fill(total, zero, 1, where), 1 / p, where), zero, 0, where);
}

Tensor prod(const Tensor& x, std::int64_t dim, bool keepdim, Where where) {
  require_defined("prod", {&x});
  if (x.dim() == 0) {
    wrap_dim("prod", dim, 0);
    return is_floating_point(x.dtype()) ? clone(x, where) : to(x, kInt64, where);
  }
  const int d = wrap_dim("prod", dim, x.dim());
  // Halves are multiplied until one row is left: the derivative of any order is then right at zeros
  // too, where dividing the product by an element would fail.
  Tensor rows = is_floating_point(x.dtype()) ? x : to(x, kInt64, where);
  for (std::int64_t n = rows.sizes()[d]; n > 1; n = rows.sizes()[d]) {
    const std::int64_t half = n / 2;
    const Tensor product =
        mul(narrow(rows, d, 0, half, where), narrow(rows, d, half, half, where), where);
    rows = n % 2 == 0 ? product : cat({product, narrow(rows, d, n - 1, 1, where)}, d, where);
  }
  if (rows.sizes()[d] == 0) {
    Shape one = rows.sizes();
    one[d] = 1;
    rows = ones(one, {.dtype = rows.dtype()});
  } else if (rows.sizes()[d] == x.sizes()[d]) {
    rows = clone(rows, where);
  }
  return keepdim ? rows : squeeze(rows, d, where);
}

Tensor prod(const Tensor& x, Where where) {
  require_defined("prod", {&x});
  return prod(reshape(x, {-1}, where), 0, false, where);
}

Tensor cumsum(const Tensor& x, std::int64_t dim, Where where) {
  require_defined("cumsum", {&x});
  const int d = wrap_dim("cumsum", dim, x.dim());
  return record(kCumsum, where, kernels::cumsum(x, d),
                wrt(x, [d](const Tensor& g) { return flip(cumsum(flip(g, {d}), d), {d}); }));
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
