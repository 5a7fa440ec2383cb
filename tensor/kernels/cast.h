#pragma once

#include <tarn/tensor/tensor.h>

namespace tarn::kernels {

/// x outside the graph with elements of type `dtype`: x's own elements if they are of this type
/// already (and row-major, if `contiguous` asks for it), else a copy. A copy that need not be
/// contiguous keeps a dense layout.
Tensor cast(const Tensor& x, DType dtype, bool contiguous = false);

/// Writes x's values, converted, over all of `out`; x broadcasts to out's shape.
void copy_into(const Tensor& out, const Tensor& x);

/// `value` as an element of type T; floating to integer truncates. Throws ValueError for a number
/// that T cannot hold.
template <class T>
T element(Scalar value);

/// Writes `value` to all of `out`.
void fill(const Tensor& out, Scalar value);

}  // namespace tarn::kernels
