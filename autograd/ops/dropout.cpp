#include <tarn/autograd/detail/defined.h>
#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/autograd/ops/dropout.h>
#include <tarn/autograd/record.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/kernels/elementwise.h>
#include <tarn/tensor/random.h>
#include <tarn/tensor/str.h>

namespace tarn {
namespace {

using kernels::each;
using kernels::ElementOf;

const Op kDropout{"dropout"};
const Op kDropout2d{"dropout2d"};

// Each element is 0 with probability p, else 1 / (1 - p).
Tensor dropout_mask(const Shape& sizes, DType dtype, double p) {
  return kernels::map_floating("dropout", rand(sizes, {.dtype = dtype}), [p](const auto& v) {
    using T = ElementOf<decltype(v)>;
    const T kept = p < 1 ? T(1 / (1 - p)) : T(0);
    return each([p, kept](T e) { return e < T(p) ? T(0) : kept; }, v);
  });
}

// x times a mask of random zeros, of a shape that broadcasts to x's.
Tensor drop(const Op& op, const Tensor& x, double p, bool training, const Shape& mask_sizes,
            const Where& where) {
  if (!(p >= 0 && p <= 1))
    throw ValueError(str(op.name(), ": p = ", p, ": expected a probability from 0 to 1"));
  if (!training || p == 0) return x;
  if (!is_floating_point(x.dtype()))
    throw DTypeError(str(op.name(), ": expected float32 or float64, got ", x.dtype()));
  const Tensor mask = dropout_mask(mask_sizes, x.dtype(), p);
  return record(
      op, where,
      kernels::zip_floating(op.name(), x, mask, [](const auto& a, const auto& m) { return a * m; }),
      wrt(x, [mask = saved(mask)](const Tensor& g) { return mul(g, mask.get()); }));
}

}  // namespace

Tensor dropout(const Tensor& x, double p, bool training, Where where) {
  require_defined("dropout", {&x});
  return drop(kDropout, x, p, training, x.sizes(), where);
}

Tensor dropout2d(const Tensor& x, double p, bool training, Where where) {
  require_defined("dropout2d", {&x});
  if (x.dim() != 4)
    throw ShapeError(str("dropout2d: input has shape ", x.sizes(), ": expected [N, C, H, W]"));
  return drop(kDropout2d, x, p, training, {x.sizes()[0], x.sizes()[1], 1, 1}, where);
}

}  // namespace tarn
