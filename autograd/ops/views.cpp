#include <algorithm>
#include <optional>

#include <tarn/autograd/detail/defined.h>
#include <tarn/autograd/detail/operand.h>
#include <tarn/autograd/detail/view_history.h>
#include <tarn/autograd/ops/views.h>
#include <tarn/autograd/record.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/kernels/alias.h>
#include <tarn/tensor/kernels/cast.h>
#include <tarn/tensor/str.h>

namespace tarn {
namespace {

const Op kView{"view"};
const Op kTranspose{"transpose"};
const Op kPermute{"permute"};
const Op kExpand{"expand"};
const Op kSlice{"slice"};
const Op kClone{"clone"};
const Op kTo{"to"};

// `shape` with its -1, if it has one, worked out. Throws ShapeError when the elements do not fit.
Shape inferred(const char* op, const Tensor& x, Shape shape) {
  int unknown = -1;
  Shape known;
  for (int d = 0; d < shape.size(); ++d) {
    if (shape[d] < -1)
      throw ShapeError(str(op, ": shape ", shape, ": size ", shape[d], " is negative"));
    if (shape[d] != -1) {
      known.push_back(shape[d]);
    } else if (unknown >= 0) {
      throw ShapeError(str(op, ": shape ", shape, " has more than one -1: expected at most one"));
    } else {
      unknown = d;
    }
  }
  const std::int64_t count = numel(known);
  if (unknown >= 0 && count > 0 && x.numel() % count == 0) shape[unknown] = x.numel() / count;
  const bool fits = unknown >= 0 ? shape[unknown] >= 0 : count == x.numel();
  if (!fits) {
    throw ShapeError(
        str(op, ": ", x.numel(), " elements (shape ", x.sizes(), ") do not fit shape ", shape));
  }
  return shape;
}

// The strides with which x's elements read as `shape` without moving, if there are any: runs of
// dimensions that x walks through evenly can be cut anew.
std::optional<Shape> view_strides(const Tensor& x, const Shape& shape) {
  Shape strides = contiguous_strides(shape);
  if (x.is_contiguous()) return strides;
  int target = shape.size() - 1;
  for (int d = x.dim() - 1; d >= 0;) {
    if (x.sizes()[d] == 1) {
      --d;
      continue;
    }
    const std::int64_t step = x.strides()[d];
    std::int64_t run = x.sizes()[d--];
    while (d >= 0 && (x.sizes()[d] == 1 || x.strides()[d] == step * run)) run *= x.sizes()[d--];
    std::int64_t covered = 1;
    while (target >= 0 && (covered < run || shape[target] == 1)) {
      strides[target] = step * covered;
      covered *= shape[target--];
    }
    if (covered != run) return std::nullopt;
  }
  return strides;
}

// A slice of one element may have a step beyond what its stride can be, which then does not matter.
std::int64_t stepped(std::int64_t stride, std::int64_t step) {
  std::int64_t product = 0;
  return __builtin_mul_overflow(stride, step, &product) ? stride : product;
}

// x placed into zeros of `sizes` where slice(dim, start, .., step) would have taken it from.
Tensor unslice(const Tensor& x, const Shape& sizes, int dim, std::int64_t start,
               std::int64_t step) {
  const Tensor out = zeros(sizes, {.dtype = x.dtype()});
  Shape strides = out.strides();
  strides[dim] = stepped(strides[dim], step);
  kernels::copy_into(kernels::alias(out, x.sizes(), strides, start * out.strides()[dim]), x);
  const std::int64_t end = x.sizes()[dim] == 0 ? start : start + (x.sizes()[dim] - 1) * step + 1;
  return record(kSlice, Where::current(), out,
                wrt(x, [=](const Tensor& g) { return slice(g, dim, start, end, step); }));
}

// `length` elements of dimension `dim`, from `start` in steps; the arguments are right.
Tensor sliced(const Tensor& x, int dim, std::int64_t start, std::int64_t length, std::int64_t step,
              const Where& where) {
  Shape sizes = x.sizes();
  Shape strides = x.strides();
  sizes[dim] = length;
  strides[dim] = stepped(strides[dim], step);
  return record(kSlice, where,
                make_view(x, sizes, strides, length == 0 ? 0 : start * x.strides()[dim]),
                wrt(x, [whole = x.sizes(), dim, start, step](const Tensor& g) {
                  return unslice(g, whole, dim, start, step);
                }));
}

void require_dimensions(const char* op, const Tensor& x) {
  if (x.dim() == 0) throw IndexError(str(op, ": a 0-d tensor has no dimension to take a part of"));
}

}  // namespace

Tensor view(const Tensor& x, const Shape& shape, Where where) {
  require_defined("view", {&x});
  const Shape sizes = inferred("view", x, shape);
  const std::optional<Shape> strides = view_strides(x, sizes);
  if (!strides) {
    throw ShapeError(str("view: a tensor of shape ", x.sizes(), " with strides ", x.strides(),
                         " cannot be viewed as ", sizes, " without copying; use reshape()"));
  }
  return record(kView, where, make_view(x, sizes, *strides),
                wrt(x, [sizes = x.sizes()](const Tensor& g) { return reshape(g, sizes); }));
}

Tensor reshape(const Tensor& x, const Shape& shape, Where where) {
  require_defined("reshape", {&x});
  const Shape sizes = inferred("reshape", x, shape);
  return view_strides(x, sizes) ? view(x, sizes, where) : view(contiguous(x, where), sizes, where);
}

Tensor flatten(const Tensor& x, std::int64_t start_dim, std::int64_t end_dim, Where where) {
  require_defined("flatten", {&x});
  const int start = wrap_dim("flatten", start_dim, x.dim());
  const int end = wrap_dim("flatten", end_dim, x.dim());
  if (x.dim() == 0) return reshape(x, {1}, where);
  if (start > end)
    throw ShapeError(str("flatten: start_dim ", start_dim, " comes after end_dim ", end_dim));
  Shape sizes;
  for (int d = 0; d < x.dim(); ++d) {
    if (d > start && d <= end) {
      sizes[sizes.size() - 1] *= x.sizes()[d];
    } else {
      sizes.push_back(x.sizes()[d]);
    }
  }
  return reshape(x, sizes, where);
}

Tensor transpose(const Tensor& x, std::int64_t dim0, std::int64_t dim1, Where where) {
  require_defined("transpose", {&x});
  const int a = wrap_dim("transpose", dim0, x.dim());
  const int b = wrap_dim("transpose", dim1, x.dim());
  Shape sizes = x.sizes();
  Shape strides = x.strides();
  if (a != b) {
    std::swap(sizes[a], sizes[b]);
    std::swap(strides[a], strides[b]);
  }
  return record(kTranspose, where, make_view(x, sizes, strides),
                wrt(x, [a, b](const Tensor& g) { return transpose(g, a, b); }));
}

Tensor permute(const Tensor& x, const Shape& dims, Where where) {
  require_defined("permute", {&x});
  Shape sizes;
  Shape strides;
  Shape inverse = Shape::filled(x.dim(), -1);
  if (dims.size() != x.dim()) {
    throw ShapeError(str("permute: dims ", dims, " for a tensor of shape ", x.sizes(),
                         ": expected ", x.dim(), " of them"));
  }
  for (int i = 0; i < dims.size(); ++i) {
    const int d = wrap_dim("permute", dims[i], x.dim());
    if (inverse[d] >= 0)
      throw ShapeError(
          str("permute: dims ", dims, ": ", dims[i], " appears twice; expected each once"));
    inverse[d] = i;
    sizes.push_back(x.sizes()[d]);
    strides.push_back(x.strides()[d]);
  }
  return record(kPermute, where, make_view(x, sizes, strides),
                wrt(x, [inverse](const Tensor& g) { return permute(g, inverse); }));
}

Tensor squeeze(const Tensor& x, std::int64_t dim, Where where) {
  require_defined("squeeze", {&x});
  const int d = wrap_dim("squeeze", dim, x.dim());
  if (x.dim() == 0 || x.sizes()[d] != 1) return x;
  Shape sizes = x.sizes();
  Shape strides = x.strides();
  sizes.erase(d);
  strides.erase(d);
  return record(kView, where, make_view(x, sizes, strides),
                wrt(x, [d](const Tensor& g) { return unsqueeze(g, d); }));
}

Tensor squeeze(const Tensor& x, Where where) {
  require_defined("squeeze", {&x});
  Tensor result = x;
  for (int d = x.dim() - 1; d >= 0; --d) result = squeeze(result, d, where);
  return result;
}

Tensor unsqueeze(const Tensor& x, std::int64_t dim, Where where) {
  require_defined("unsqueeze", {&x});
  const int d = wrap_dim("unsqueeze", dim, x.dim() + 1);
  if (x.dim() == kMaxDim) {
    throw ShapeError(
        str("unsqueeze: shape ", x.sizes(), " cannot take another dimension: at most ", kMaxDim));
  }
  Shape sizes = x.sizes();
  Shape strides = x.strides();
  strides.insert(d, d < x.dim() ? x.sizes()[d] * x.strides()[d] : 1);
  sizes.insert(d, 1);
  return record(kView, where, make_view(x, sizes, strides),
                wrt(x, [d](const Tensor& g) { return squeeze(g, d); }));
}

Tensor expand(const Tensor& x, const Shape& shape, Where where) {
  require_defined("expand", {&x});
  const int extra = shape.size() - x.dim();
  Shape sizes = shape;
  for (int d = 0; d < shape.size(); ++d) {
    const std::int64_t own = d < extra ? 1 : x.sizes()[d - extra];
    if (shape[d] == -1 && d >= extra) sizes[d] = own;
    if (extra < 0 || sizes[d] < 0 || (own != 1 && own != sizes[d])) {
      throw ShapeError(str("expand: shape ", x.sizes(), " does not expand to ", shape,
                           ": expected equal sizes, or 1 where it is to be repeated"));
    }
  }
  if (extra < 0)
    throw ShapeError(
        str("expand: shape ", x.sizes(), " does not expand to ", shape, " with fewer dimensions"));
  return record(kExpand, where, make_view(x, sizes, kernels::broadcast_strides(x, sizes)),
                wrt(x, [sizes = x.sizes()](const Tensor& g) { return sum_to(g, sizes); }));
}

Tensor select(const Tensor& x, std::int64_t dim, std::int64_t index, Where where) {
  require_defined("select", {&x});
  require_dimensions("select", x);
  const int d = wrap_dim("select", dim, x.dim());
  const std::int64_t size = x.sizes()[d];
  if (index < -size || index >= size) {
    throw IndexError(str(
        "select: index ", index, " is out of range for dimension ", dim, " of shape ", x.sizes(),
        size == 0 ? str(" (it is empty)") : str(" (expected ", -size, "..", size - 1, ")")));
  }
  return squeeze(sliced(x, d, index < 0 ? index + size : index, 1, 1, where), d, where);
}

Tensor slice(const Tensor& x, std::int64_t dim, std::int64_t start, std::int64_t end,
             std::int64_t step, Where where) {
  require_defined("slice", {&x});
  require_dimensions("slice", x);
  const int d = wrap_dim("slice", dim, x.dim());
  if (step < 1) throw ValueError(str("slice: step = ", step, ": expected at least 1"));
  const std::int64_t size = x.sizes()[d];
  const auto cut = [size](std::int64_t i) {
    return std::clamp<std::int64_t>(i < 0 ? i + size : i, 0, size);
  };
  const std::int64_t first = cut(start);
  const std::int64_t span = std::max<std::int64_t>(cut(end) - first, 0);
  return sliced(x, d, first, span == 0 ? 0 : (span - 1) / step + 1, step, where);
}

Tensor narrow(const Tensor& x, std::int64_t dim, std::int64_t start, std::int64_t length,
              Where where) {
  require_defined("narrow", {&x});
  require_dimensions("narrow", x);
  const int d = wrap_dim("narrow", dim, x.dim());
  const std::int64_t size = x.sizes()[d];
  const std::int64_t first = start < 0 ? start + size : start;
  if (first < 0 || length < 0 || first > size || length > size - first) {
    throw IndexError(str("narrow: ", length, " elements from ", start,
                         " do not lie inside dimension ", dim, " of shape ", x.sizes()));
  }
  return sliced(x, d, first, length, 1, where);
}

Tensor clone(const Tensor& x, Where where) {
  require_defined("clone", {&x});
  const Tensor out = empty_like(x);
  kernels::copy_into(out, x);
  return record(kClone, where, out, wrt(x, [](const Tensor& g) { return g; }));
}

Tensor contiguous(const Tensor& x, Where where) {
  require_defined("contiguous", {&x});
  if (x.is_contiguous()) return x;
  return record(kClone, where, kernels::cast(x.detach(), x.dtype(), /*contiguous=*/true),
                wrt(x, [](const Tensor& g) { return g; }));
}

Tensor to(const Tensor& x, DType dtype, Where where) {
  require_defined("to", {&x});
  if (x.dtype() == dtype) return x;
  Tensor out = kernels::cast(x, dtype);
  if (!is_floating_point(dtype)) return out;
  return record(kTo, where, out,
                wrt(x, [dtype = x.dtype()](const Tensor& g) { return to(g, dtype); }));
}

}  // namespace tarn
