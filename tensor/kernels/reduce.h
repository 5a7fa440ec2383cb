#pragma once

#include <tarn/tensor/tensor.h>

namespace tarn::kernels {

/// Which dimensions a reduction takes, by position.
using DimMask = unsigned;

/// The mask of `dims` (all when empty) for an `ndim`-d tensor. Throws IndexError for a dim out of
/// range or repeated.
DimMask dim_mask(const char* op, const Shape& dims, int ndim);

/// The shape that is left when the dimensions in `mask` vanish or become 1.
Shape reduced_shape(const Shape& shape, DimMask mask, bool keepdim);

/// Sums over the dimensions in `mask`, divided by `divisor` if that is not 1; accumulated in
/// float64, or int64 for integers and bool, in a fixed order. Integers and bool give int64.
Tensor sum(const Tensor& x, DimMask mask, bool keepdim, double divisor = 1);

/// Index of the first largest (or smallest) element along `dim`, int64; a NaN comes before all.
Tensor argmax(const char* op, const Tensor& x, int dim, bool keepdim, bool largest = true);

}  // namespace tarn::kernels
