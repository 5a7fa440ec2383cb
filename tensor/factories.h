#pragma once

#include <initializer_list>
#include <memory>
#include <optional>
#include <type_traits>
#include <vector>

#include <tarn/tensor/tensor.h>

namespace tarn {

/// What the factories take besides values and shapes.
struct TensorOptions {
  std::optional<DType> dtype{};  ///< what the factory gives by default, usually float32
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
Tensor full_like(const Tensor& like, Scalar value);

/// start, start + step, ... below `end` (above it for a negative step), [count]; int64 for
/// integers, float32 for floating-point numbers. Throws ValueError when step is 0 or leads away
/// from `end`, or a bound is not finite.
Tensor arange(Scalar start, Scalar end, Scalar step = 1, const TensorOptions& options = {});
/// 0, 1, ..., end - 1
Tensor arange(Scalar end, const TensorOptions& options = {});
/// `steps` evenly spaced numbers from start to end, both included, [steps]. Throws ValueError for
/// steps < 0 or a bound that is not finite.
Tensor linspace(double start, double end, std::int64_t steps, const TensorOptions& options = {});
/// The n x n identity, [n, n].
Tensor eye(std::int64_t n, const TensorOptions& options = {});

/// A copy of `values`, row-major. Throws ShapeError when their number is not numel(shape).
template <class T>
Tensor from_vector(const std::vector<T>& values, const Shape& shape, bool requires_grad = false);

/// A number, or a list of numbers or of lists: what tensor() takes.
class NestedList {
 public:
  template <class T>
  requires std::is_arithmetic_v<T> NestedList(T number)
      : number_(number) {}                             // NOLINT(google-explicit-constructor)
  NestedList(std::initializer_list<NestedList> items)  // NOLINT(google-explicit-constructor)
      : items_(items), is_list_(true) {}
  template <class T>
  requires std::is_arithmetic_v<T> NestedList(
      std::initializer_list<T> numbers)  // NOLINT(google-explicit-constructor)
      : items_(numbers.begin(), numbers.end()), is_list_(true) {}
  NestedList() : is_list_(true) {}

  bool is_list() const { return is_list_; }
  Scalar number() const { return number_; }
  const std::vector<NestedList>& items() const { return items_; }

 private:
  Scalar number_ = 0;
  std::vector<NestedList> items_;
  bool is_list_ = false;
};

/// A tensor of the listed values, row-major: float32 if one is a floating-point number (and for no
/// values at all), else int64 if one is an integer, else bool, as in PyTorch:
///
///   tensor({1.5, 2})                                    // float32 [2]
///   tensor({{1, 2, 3}, {4, 5, 6}})                      // int64 [2, 3]
///   tensor({1, 2}, {.dtype = kFloat64})
///
/// Throws ShapeError when lists that should be alike differ in length.
Tensor tensor(const NestedList& values, const TensorOptions& options = {});

/// A tensor over somebody else's row-major elements, without a copy: they stay alive as long as
/// `owner` does, which the tensor keeps.
///
///   auto values = std::make_shared<std::vector<float>>(6, 1.0F);
///   Tensor x = from_blob(values->data(), {2, 3}, values);
///
/// Throws ValueError without an owner, or for null or misaligned data.
template <class T>
Tensor from_blob(T* data, const Shape& shape, std::shared_ptr<const void> owner);

/// A 0-d tensor: float32 from a floating-point number, int64 from an integer, bool from a bool.
Tensor scalar_tensor(Scalar value, const TensorOptions& options = {});

}  // namespace tarn
