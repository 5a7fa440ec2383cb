#pragma once

#include <tarn/autograd/detail/defined.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/kernels/promotion.h>
#include <tarn/tensor/tensor.h>

namespace tarn {

/// A plain number as the 0-d tensor that promotes like it beside `other`. Throws ValueError, naming
/// `op`, when `other` is undefined.
inline Tensor wrapped(const char* op, Scalar number, const Tensor& other) {
  require_defined(op, {&other});
  return scalar_tensor(number, {.dtype = kernels::result_dtype(other, number)});
}

}  // namespace tarn
