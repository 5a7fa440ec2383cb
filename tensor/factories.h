#pragma once

#include <initializer_list>
#include <type_traits>
#include <vector>

#include <tarn/tensor/tensor.h>

namespace tarn {

/// What the factories take besides values and shapes.
struct TensorOptions {
  DType dtype = DType::float32;
  bool requires_grad = false;
};

/// Uninitialised elements of shape `shape`. Throws ShapeError for a negative size, OutOfMemory.
Tensor empty(const Shape& shape, const TensorOptions& options = {});
/// Uninitialised elements with the given strides (in elements, non-negative); memory spans just
/// what they reach.
Tensor empty_strided(const Shape& shape, const Shape& strides, const TensorOptions& options = {});
/// Uninitialised, with the shape, dtype and (when dense) the memory layout of `like`.
Tensor empty_like(const Tensor& like);
Tensor empty_like(const Tensor& like, DType dtype);

Tensor zeros(const Shape& shape, const TensorOptions& options = {});
Tensor ones(const Shape& shape, const TensorOptions& options = {});
Tensor full(const Shape& shape, Scalar value, const TensorOptions& options = {});
Tensor zeros_like(const Tensor& like);
Tensor ones_like(const Tensor& like);
/// 0, 1, ..., end - 1; int64 unless said otherwise. Throws ValueError for a negative `end`.
Tensor arange(std::int64_t end, const TensorOptions& options = {.dtype = DType::int64});
/// The n x n identity, [n, n].
Tensor eye(std::int64_t n, const TensorOptions& options = {});

/// A copy of `values`, row-major. Throws ShapeError when their number is not numel(shape).
template <class T>
Tensor from_vector(const std::vector<T>& values, const Shape& shape, bool requires_grad = false);

/// A 1-d tensor of the listed values: floating-point lists become float32, integer lists int64, as
/// in PyTorch. `tensor({1.0, 2.0}, {.dtype = kFloat64})` asks for another type.
Tensor tensor(std::initializer_list<double> values, const TensorOptions& options = {});
Tensor tensor(std::initializer_list<float> values, const TensorOptions& options = {});
Tensor tensor(std::initializer_list<int> values,
              const TensorOptions& options = {.dtype = DType::int64});
Tensor tensor(std::initializer_list<std::int64_t> values,
              const TensorOptions& options = {.dtype = DType::int64});
/// A 2-d tensor from rows. Throws ShapeError when the rows differ in length.
Tensor tensor(std::initializer_list<std::initializer_list<double>> rows,
              const TensorOptions& options = {});
/// A 0-d tensor: float32 from a floating-point number, int64 from an integer, bool from a bool.
Tensor scalar_tensor(Scalar value);
Tensor scalar_tensor(Scalar value, const TensorOptions& options);

}  // namespace tarn
