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
/// Sum of squared distances from the mean, divided by (count - correction), over `dims` (all when
/// empty); NaN where that is not positive. Two passes, so that a large mean costs no digits. Throws
/// DTypeError for integer types.
Tensor var(const Tensor& x, const Shape& dims = {}, double correction = 1, bool keepdim = false,
           Where where = Where::current());
/// The square root of var(); its gradient where that is 0 is 0.
Tensor std(const Tensor& x, const Shape& dims = {}, double correction = 1, bool keepdim = false,
           Where where = Where::current());
/// (sum |x|^p)^(1/p) over `dims` (all when empty); the largest |x| for p = infinity, the smallest
/// for -infinity, the number of elements that are not 0 for p = 0. The gradient at 0 is 0. Throws
/// DTypeError for integer types, ValueError for p = NaN.
Tensor norm(const Tensor& x, double p = 2, const Shape& dims = {}, bool keepdim = false,
            Where where = Where::current());
/// Product of all elements, shape []; integers and bool give int64.
Tensor prod(const Tensor& x, Where where = Where::current());
/// Product along `dim`.
Tensor prod(const Tensor& x, std::int64_t dim, bool keepdim = false,
            Where where = Where::current());
/// Running sums along `dim`; integers and bool give int64.
Tensor cumsum(const Tensor& x, std::int64_t dim, Where where = Where::current());

/// Sums x down to `shape`, which must broadcast to x's: the inverse of broadcasting.
Tensor sum_to(const Tensor& x, const Shape& shape, Where where = Where::current());

}  // namespace tarn
