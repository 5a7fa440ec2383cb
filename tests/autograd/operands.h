#pragma once

#include <initializer_list>

#include <tarn/tensor/factories.h>

namespace tarn::testing {

/// Tensors of ones, where only shape and type matter.
inline Tensor f32(const Shape& shape) { return ones(shape); }
inline Tensor i64(const Shape& shape) { return ones(shape, {.dtype = kInt64}); }
inline Tensor boolean(const Shape& shape) { return ones(shape, {.dtype = kBool}); }

/// 1-d float64 leaves that require grad.
inline Tensor variable(std::initializer_list<double> values) {
  return tensor(values, {.dtype = kFloat64, .requires_grad = true});
}
inline Tensor variable(double value) { return variable({value}); }

/// A 1-d float64 tensor outside any graph.
inline Tensor constant(std::initializer_list<double> values) {
  return tensor(values, {.dtype = kFloat64});
}

}  // namespace tarn::testing
