#pragma once

#include <tarn/tensor/kernels/cast.h>
#include <tarn/tensor/tensor.h>

namespace tarn::kernels {

/// The element type of an arithmetic result, as PyTorch promotes: a 0-d tensor counts only where
/// its category (bool, integer, floating) is higher than the other's.
DType result_dtype(const Tensor& a, const Tensor& b);

/// The same with a plain number, which counts by category alone and then means int64 or float32.
DType result_dtype(const Tensor& a, Scalar b);

/// Whether an in-place op may write results of type `from` into a tensor of type `to`: not from
/// floating to integer, nor from either to bool.
bool can_cast(DType from, DType to);

}  // namespace tarn::kernels
