#pragma once

#include <tarn/autograd/detail/defined.h>
#include <tarn/autograd/ops/reductions.h>
#include <tarn/autograd/ops/views.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/kernels/promotion.h>
#include <tarn/tensor/tensor.h>

namespace tarn {

/// What an op with broadcasting remembers of an operand: enough to bring a gradient into its form.
struct Operand {
  explicit Operand(const Tensor& tensor) : sizes(tensor.sizes()), dtype(tensor.dtype()) {}

  /// The gradient of the broadcast result, summed down and converted to the operand's shape and
  /// type.
  Tensor fit(const Tensor& gradient) const {
    if (gradient.sizes() == sizes && gradient.dtype() == dtype) return gradient;
    return to(sum_to(gradient, sizes), dtype);
  }

  Shape sizes;
  DType dtype;
};

/// A plain number as the 0-d tensor that promotes like it beside `other`. Throws ValueError, naming
/// `op`, when `other` is undefined.
inline Tensor wrapped(const char* op, Scalar number, const Tensor& other) {
  require_defined(op, {&other});
  return scalar_tensor(number, {.dtype = kernels::result_dtype(other, number)});
}

}  // namespace tarn
