#pragma once

#include <tarn/tensor/tensor.h>

namespace tarn {

// Element-wise comparisons and what depends on them. Shapes broadcast and types promote as in
// arithmetic; a NaN is unequal to everything. Comparisons give bool tensors outside the graph.

Tensor eq(const Tensor& a, const Tensor& b);
Tensor ne(const Tensor& a, const Tensor& b);
Tensor lt(const Tensor& a, const Tensor& b);
Tensor le(const Tensor& a, const Tensor& b);
Tensor gt(const Tensor& a, const Tensor& b);
Tensor ge(const Tensor& a, const Tensor& b);
Tensor eq(const Tensor& a, Scalar b);
Tensor ne(const Tensor& a, Scalar b);
Tensor lt(const Tensor& a, Scalar b);
Tensor le(const Tensor& a, Scalar b);
Tensor gt(const Tensor& a, Scalar b);
Tensor ge(const Tensor& a, Scalar b);

inline Tensor operator==(const Tensor& a, const Tensor& b) { return eq(a, b); }
inline Tensor operator!=(const Tensor& a, const Tensor& b) { return ne(a, b); }
inline Tensor operator<(const Tensor& a, const Tensor& b) { return lt(a, b); }
inline Tensor operator<=(const Tensor& a, const Tensor& b) { return le(a, b); }
inline Tensor operator>(const Tensor& a, const Tensor& b) { return gt(a, b); }
inline Tensor operator>=(const Tensor& a, const Tensor& b) { return ge(a, b); }
inline Tensor operator==(const Tensor& a, Scalar b) { return eq(a, b); }
inline Tensor operator!=(const Tensor& a, Scalar b) { return ne(a, b); }
inline Tensor operator<(const Tensor& a, Scalar b) { return lt(a, b); }
inline Tensor operator<=(const Tensor& a, Scalar b) { return le(a, b); }
inline Tensor operator>(const Tensor& a, Scalar b) { return gt(a, b); }
inline Tensor operator>=(const Tensor& a, Scalar b) { return ge(a, b); }

/// "Not 0" of each element, combined. The operators &, | and ~ take bool tensors only and throw
/// DTypeError otherwise.
Tensor logical_and(const Tensor& a, const Tensor& b);
Tensor logical_or(const Tensor& a, const Tensor& b);
Tensor logical_not(const Tensor& x);
Tensor operator&(const Tensor& a, const Tensor& b);
Tensor operator|(const Tensor& a, const Tensor& b);
Tensor operator~(const Tensor& x);

Tensor isnan(const Tensor& x);
Tensor isinf(const Tensor& x);
Tensor isfinite(const Tensor& x);

/// Whether any element is not 0, bool []: `if (any(isnan(x)).item<bool>())`. False for no elements.
Tensor any(const Tensor& x);
/// The same along `dim`, which vanishes or stays with size 1.
Tensor any(const Tensor& x, std::int64_t dim, bool keepdim = false);
/// Whether all elements are not 0. True for no elements.
Tensor all(const Tensor& x);
Tensor all(const Tensor& x, std::int64_t dim, bool keepdim = false);
/// Same shape and equal elements; a NaN is equal to nothing.
bool equal(const Tensor& a, const Tensor& b);
/// Whether |a - b| <= atol + rtol |b| everywhere, infinities being equal to themselves; shapes
/// broadcast.
bool allclose(const Tensor& a, const Tensor& b, double rtol = 1e-5, double atol = 1e-8,
              bool equal_nan = false);

/// a where `condition` (bool) is true, else b; all three broadcast. The gradient goes to the one
/// that was taken, and nothing (not even 0 x NaN) to the other. Throws DTypeError for a condition
/// that is not bool.
Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b,
             Where where = Where::current());
Tensor where(const Tensor& condition, const Tensor& a, Scalar b, Where where = Where::current());
Tensor where(const Tensor& condition, Scalar a, const Tensor& b, Where where = Where::current());

/// x with `value` where `mask` (bool, broadcasts to x's shape) is true.
Tensor masked_fill(const Tensor& x, const Tensor& mask, Scalar value,
                   Where where = Where::current());

/// The larger of a and b, element by element; NaN if one is NaN. Equal elements share the gradient.
Tensor maximum(const Tensor& a, const Tensor& b, Where where = Where::current());
/// The smaller.
Tensor minimum(const Tensor& a, const Tensor& b, Where where = Where::current());

/// x limited to [min, max]; NaN stays. The gradient is 0 outside. Throws ValueError unless min <=
/// max.
Tensor clamp(const Tensor& x, Scalar min, Scalar max, Where where = Where::current());
/// max(x, min)
Tensor clamp_min(const Tensor& x, Scalar min, Where where = Where::current());
/// min(x, max)
Tensor clamp_max(const Tensor& x, Scalar max, Where where = Where::current());

}  // namespace tarn
