#include <tarn/autograd/detail/defined.h>
#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/autograd/ops/comparison.h>
#include <tarn/autograd/ops/indexing.h>
#include <tarn/autograd/ops/ordering.h>
#include <tarn/autograd/ops/reductions.h>
#include <tarn/autograd/ops/views.h>
#include <tarn/autograd/record.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/kernels/order.h>
#include <tarn/tensor/kernels/reduce.h>
#include <tarn/tensor/str.h>

// A kernel finds the indices; values and gradients come from gather().
namespace tarn {
namespace {

const Op kAmax{"amax"};
const Op kAmin{"amin"};

Tensor index_of_extreme(const char* op, const Tensor& x, std::int64_t dim, bool keepdim,
                        bool largest) {
  require_defined(op, {&x});
  return kernels::argmax(op, x, wrap_dim(op, dim, x.dim()), keepdim, largest);
}

ValuesIndices extreme(const char* op, const Tensor& x, std::int64_t dim, bool keepdim, bool largest,
                      const Where& where) {
  const Tensor indices = index_of_extreme(op, x, dim, /*keepdim=*/true, largest);
  const Tensor values = gather(x, dim, indices, where);
  if (keepdim) return {values, indices};
  return {squeeze(values, dim, where), squeeze(indices, dim, where)};
}

// The extreme over several dimensions: those are made one, last.
Tensor extreme_value(const Op& op, const Tensor& x, const Shape& dims, bool keepdim, bool largest,
                     const Where& where) {
  require_defined(op.name(), {&x});
  const kernels::DimMask mask = kernels::dim_mask(op.name(), dims, x.dim());
  const Shape kept = kernels::reduced_shape(x.sizes(), mask, /*keepdim=*/true);
  Tensor y;
  {
    const NoGradGuard plain;
    Shape order;
    for (const bool reduced : {false, true}) {
      for (int d = 0; d < x.dim(); ++d) {
        if (((mask >> d & 1U) != 0) == reduced) order.push_back(d);
      }
    }
    const std::int64_t lines = numel(kept);
    if (lines > 0 && x.numel() == 0) {
      throw ShapeError(str(op.name(), ": shape ", x.sizes(),
                           " has no element along the reduced dimensions: nothing to choose from"));
    }
    const Shape flat{lines, lines == 0 ? 1 : x.numel() / lines};
    const Tensor rows = reshape(permute(x.detach(), order), lines == 0 ? Shape{0, 1} : flat);
    y = reshape(gather(rows, 1, kernels::argmax(op.name(), rows, 1, true, largest)), kept);
  }
  const Tensor value =
      keepdim ? y : y.reshape(kernels::reduced_shape(x.sizes(), mask, false)).detach();
  return record(
      op, where, value, wrt(x, [x = saved(x), y = saved(y), mask](const Tensor& g) {
        const Tensor input = x.get().detach();
        const Tensor best = y.get();
        // A NaN, where it is the extreme, is its own equal.
        const Tensor hit =
            logical_or(eq(input, best), logical_and(isnan(input), isnan(best))).to(g.dtype());
        const Tensor share = div(hit, kernels::sum(hit, mask, /*keepdim=*/true));
        return mul(reshape(g, best.sizes()), share);
      }));
}

}  // namespace

ValuesIndices max(const Tensor& x, std::int64_t dim, bool keepdim, Where where) {
  return extreme("max", x, dim, keepdim, /*largest=*/true, where);
}
ValuesIndices min(const Tensor& x, std::int64_t dim, bool keepdim, Where where) {
  return extreme("min", x, dim, keepdim, /*largest=*/false, where);
}
Tensor amax(const Tensor& x, const Shape& dims, bool keepdim, Where where) {
  return extreme_value(kAmax, x, dims, keepdim, /*largest=*/true, where);
}
Tensor amin(const Tensor& x, const Shape& dims, bool keepdim, Where where) {
  return extreme_value(kAmin, x, dims, keepdim, /*largest=*/false, where);
}
Tensor max(const Tensor& x, Where where) {
  require_defined("max", {&x});
  return amax(x, {}, false, where);
}
Tensor min(const Tensor& x, Where where) {
  require_defined("min", {&x});
  return amin(x, {}, false, where);
}

Tensor argmax(const Tensor& x, std::int64_t dim, bool keepdim) {
  return index_of_extreme("argmax", x, dim, keepdim, /*largest=*/true);
}
Tensor argmin(const Tensor& x, std::int64_t dim, bool keepdim) {
  return index_of_extreme("argmin", x, dim, keepdim, /*largest=*/false);
}
Tensor argmax(const Tensor& x) {
  require_defined("argmax", {&x});
  return argmax(reshape(x.detach(), {-1}), 0);
}
Tensor argmin(const Tensor& x) {
  require_defined("argmin", {&x});
  return argmin(reshape(x.detach(), {-1}), 0);
}

Tensor argsort(const Tensor& x, std::int64_t dim, bool descending) {
  require_defined("argsort", {&x});
  const int d = wrap_dim("argsort", dim, x.dim());
  return kernels::argsort(x, d, descending, x.dim() == 0 ? 1 : x.sizes()[d]);
}

ValuesIndices sort(const Tensor& x, std::int64_t dim, bool descending, Where where) {
  require_defined("sort", {&x});
  wrap_dim("sort", dim, x.dim());
  const Tensor indices = argsort(x, dim, descending);
  return {gather(x, dim, indices, where), indices};
}

ValuesIndices topk(const Tensor& x, std::int64_t k, std::int64_t dim, bool largest, Where where) {
  require_defined("topk", {&x});
  const int d = wrap_dim("topk", dim, x.dim());
  const std::int64_t size = x.dim() == 0 ? 1 : x.sizes()[d];
  if (k < 0 || k > size || (x.dim() == 0 && k != 1)) {
    throw ValueError(str("topk: k = ", k, " for dim ", dim, " of shape ", x.sizes(), ": expected ",
                         x.dim() == 0 ? str(1) : str("0..", size)));
  }
  const Tensor indices = kernels::argsort(x, d, /*descending=*/largest, k);
  return {gather(x, dim, indices, where), indices};
}

}  // namespace tarn
