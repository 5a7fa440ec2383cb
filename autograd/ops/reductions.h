#pragma once

#include <tarn/tensor/tensor.h>

namespace tarn {

// Sums are accumulated in float64 (int64 for integers and bool) in a fixed order and rounded once.

/// Sum of all elements, shape []. Integers and bool give int64.
Tensor sum(const Tensor& x, Where where = Where::current());
/// Sum over `dims` (all when empty), which vanish or stay with size 1. Throws IndexError for a bad
/// or repeated dim.
Tensor sum(const Tensor& x, const Shape& dims, bool keepdim = false,
           Where where = Where::current());
/// Mean of all elements, shape []; NaN for an empty tensor. Throws DTypeError for integer types.
Tensor mean(const Tensor& x, Where where = Where::current());
/// Mean over `dims` (all when empty).
Tensor mean(const Tensor& x, const Shape& dims, bool keepdim = false,
            Where where = Where::current());
/// Index of the largest element along `dim`, int64; the first of equal ones; a NaN counts as
/// largest. Not differentiable. Throws ShapeError when that dimension is empty.
Tensor argmax(const Tensor& x, std::int64_t dim, bool keepdim = false);

/// Sums x down to `shape`, which must broadcast to x's: the inverse of broadcasting.
Tensor sum_to(const Tensor& x, const Shape& shape, Where where = Where::current());

}  // namespace tarn
