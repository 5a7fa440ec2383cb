#include <tarn/autograd/detail/defined.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/ops/views.h>
#include <tarn/autograd/record.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/kernels/alias.h>
#include <tarn/tensor/kernels/cast.h>
#include <tarn/tensor/kernels/visit.h>
#include <tarn/tensor/str.h>

namespace tarn {
namespace {

const Op kIndexSelect{"index_select"};

Tensor index_select_along(const Tensor& x, int dim, const Tensor& index, const Where& where);

// A dense tensor of `sizes` around dimension `dim`: blocks of `inner` elements, `size` of them in
// each of `outer` groups.
struct Blocks {
  Blocks(const Shape& sizes, int dim) : size(sizes[dim]) {
    for (int d = 0; d < dim; ++d) outer *= sizes[d];
    for (int d = dim + 1; d < sizes.size(); ++d) inner *= sizes[d];
  }
  std::int64_t outer = 1;
  std::int64_t size;
  std::int64_t inner = 1;
};

// The inverse of picking rows: adds row i of x to row index[i] of zeros, in the order of i.
Tensor index_add(const Tensor& x, const Shape& sizes, int dim, const Tensor& index) {
  Tensor out = zeros(sizes, {.dtype = x.dtype()});
  const Tensor source = kernels::cast(x, x.dtype(), /*contiguous=*/true);
  const auto* const row = index.data_ptr<std::int64_t>();
  const Blocks to(sizes, dim);
  const std::int64_t picked = index.numel();
  kernels::visit_floating("index_select", x.dtype(), [&]<class T>() {
    for (std::int64_t o = 0; o < to.outer; ++o) {
      for (std::int64_t i = 0; i < picked; ++i) {
        T* const target = out.data_ptr<T>() + (o * to.size + row[i]) * to.inner;
        const T* const part = source.data_ptr<T>() + (o * picked + i) * to.inner;
        for (std::int64_t k = 0; k < to.inner; ++k) target[k] += part[k];
      }
    }
  });
  return record(kIndexSelect, Where::current(), out,
                wrt(x, [dim, index](const Tensor& g) { return index_select(g, dim, index); }));
}

Tensor index_select_along(const Tensor& x, int dim, const Tensor& index, const Where& where) {
  Shape sizes = x.sizes();
  sizes[dim] = index.numel();
  Tensor out = empty(sizes, {.dtype = x.dtype()});
  const Tensor source = kernels::cast(x, x.dtype(), /*contiguous=*/true);
  const auto* const row = index.data_ptr<std::int64_t>();
  const Blocks from(x.sizes(), dim);
  const auto block = static_cast<std::size_t>(from.inner) * element_size(x.dtype());
  const std::byte* const first = source.impl().data;
  std::byte* target = out.impl().data;
  for (std::int64_t o = 0; o < from.outer; ++o) {
    for (std::int64_t i = 0; i < index.numel(); ++i, target += block) {
      std::copy_n(first + static_cast<std::size_t>(o * from.size + row[i]) * block, block, target);
    }
  }
  return record(kIndexSelect, where, out, wrt(x, [sizes = x.sizes(), dim, index](const Tensor& g) {
                  return index_add(g, sizes, dim, index);
                }));
}

}  // namespace

Tensor index_select(const Tensor& x, std::int64_t dim, const Tensor& index, Where where) {
  require_defined("index_select", {&x, &index});
  if (x.dim() == 0) throw IndexError("index_select: a 0-d tensor has no dimension to pick from");
  const int d = wrap_dim("index_select", dim, x.dim());
  if (index.dtype() != kInt64)
    throw DTypeError(str("index_select: the index is ", index.dtype(), ": expected int64"));
  if (index.dim() != 1)
    throw ShapeError(str("index_select: the index has shape ", index.sizes(), ": expected 1-d"));
  // A copy, so that a later change of the caller's index cannot reach the gradient.
  const Tensor rows = empty({index.numel()}, {.dtype = kInt64});
  kernels::copy_into(rows, index);
  const auto* const row = rows.data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < rows.numel(); ++i) {
    if (row[i] < 0 || row[i] >= x.sizes()[d]) {
      throw IndexError(str("index_select: index[", i, "] = ", row[i],
                           " is out of range for dimension ", dim, " of shape ", x.sizes(),
                           " (expected 0..", x.sizes()[d] - 1, ")"));
    }
  }
  return index_select_along(x, d, rows, where);
}

Tensor stack(const std::vector<Tensor>& tensors) {
  if (tensors.empty()) throw ValueError("stack: no tensors: expected at least one");
  for (const Tensor& tensor : tensors) {
    require_defined("stack", {&tensor});
    if (is_grad_enabled() && tensor.requires_grad()) {
      throw AutogradError(str("stack: a tensor of shape ", tensor.sizes(),
                              " requires grad, but stack() is not differentiable; detach() it, or "
                              "use a NoGradGuard"));
    }
  }
  const Tensor& first = tensors.front();
  Shape sizes = first.sizes();
  sizes.insert(0, static_cast<std::int64_t>(tensors.size()));
  Tensor out = empty(sizes, {.dtype = first.dtype()});
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (tensors[i].sizes() != first.sizes()) {
      throw ShapeError(str("stack: tensors[", i, "] has shape ", tensors[i].sizes(),
                           ", tensors[0] ", first.sizes(), ": expected all alike"));
    }
    if (tensors[i].dtype() != first.dtype()) {
      throw DTypeError(str("stack: tensors[", i, "] is ", tensors[i].dtype(), ", tensors[0] is ",
                           first.dtype(), ": expected all alike; convert with .to()"));
    }
    const auto offset = static_cast<std::int64_t>(i) * first.numel();
    kernels::copy_into(
        kernels::alias(out, first.sizes(), contiguous_strides(first.sizes()), offset), tensors[i]);
  }
  return out;
}

}  // namespace tarn
