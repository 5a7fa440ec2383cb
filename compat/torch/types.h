#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <tarn/autograd/ops/size_2d.h>
#include <tarn/tensor/device.h>
#include <tarn/tensor/dtype.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/scalar.h>
#include <tarn/tensor/shape.h>
#include <tarn/tensor/tensor.h>

namespace torch {

using std::nullopt;
using std::optional;
using tarn::Scalar;
using tarn::Tensor;

// ---- element types ---------------------------------------------------------------------------

using Dtype = tarn::DType;
using ScalarType = tarn::DType;
inline constexpr Dtype kFloat32 = tarn::kFloat32, kFloat = tarn::kFloat32, kF32 = tarn::kFloat32;
inline constexpr Dtype kFloat64 = tarn::kFloat64, kDouble = tarn::kFloat64, kF64 = tarn::kFloat64;
inline constexpr Dtype kInt64 = tarn::kInt64, kLong = tarn::kInt64, kI64 = tarn::kInt64;
inline constexpr Dtype kInt32 = tarn::kInt32, kInt = tarn::kInt32, kI32 = tarn::kInt32;
inline constexpr Dtype kUInt8 = tarn::kUInt8, kByte = tarn::kUInt8, kU8 = tarn::kUInt8;
inline constexpr Dtype kBool = tarn::kBool;

// ---- devices ---------------------------------------------------------------------------------

using tarn::Device;
using tarn::DeviceType;
inline constexpr DeviceType kCPU = DeviceType::cpu;
inline constexpr DeviceType kCUDA = DeviceType::cuda;
namespace cuda {
using tarn::cuda::device_count;
using tarn::cuda::is_available;
}  // namespace cuda

// ---- lists -----------------------------------------------------------------------------------

using IntArrayRef = tarn::Shape;

/// Elements that belong to somebody else.
template <class T>
class ArrayRef : public std::span<const T> {
 public:
  ArrayRef() = default;
  ArrayRef(const std::vector<T>& values)  // NOLINT(google-explicit-constructor)
      : std::span<const T>(values) {}
  ArrayRef(std::initializer_list<T> values)  // NOLINT(google-explicit-constructor)
      : std::span<const T>(values.begin(), values.size()) {}
  ArrayRef(const T* data, std::size_t size) : std::span<const T>(data, size) {}
  ArrayRef(const T& one)  // NOLINT(google-explicit-constructor)
      : std::span<const T>(&one, 1) {}

  std::vector<T> vec() const { return {this->begin(), this->end()}; }
};

/// D numbers; one number stands for D equal ones.
template <std::size_t D, class T = std::int64_t>
class ExpandingArray {
 public:
  ExpandingArray(T value) { values_.fill(value); }  // NOLINT(google-explicit-constructor)
  ExpandingArray(std::initializer_list<T> values)   // NOLINT(google-explicit-constructor)
      : ExpandingArray(ArrayRef<T>(values)) {}
  ExpandingArray(const std::vector<T>& values)  // NOLINT(google-explicit-constructor)
      : ExpandingArray(ArrayRef<T>(values)) {}
  /// Throws ShapeError unless there are D values.
  explicit ExpandingArray(ArrayRef<T> values) {
    if (values.size() != D) {
      throw tarn::ShapeError("ExpandingArray: " + std::to_string(values.size()) +
                             " values: expected " + std::to_string(D) + ", or one for all");
    }
    for (std::size_t i = 0; i < D; ++i) values_[i] = values[i];
  }

  std::array<T, D>* operator->() { return &values_; }
  const std::array<T, D>* operator->() const { return &values_; }
  std::array<T, D>& operator*() { return values_; }
  const std::array<T, D>& operator*() const { return values_; }
  const T& operator[](std::size_t i) const { return values_.at(i); }
  std::size_t size() const { return D; }

  operator tarn::Shape() const {  // NOLINT(google-explicit-constructor)
    return std::vector<std::int64_t>(values_.begin(), values_.end());
  }
  operator tarn::Size2d() const  // NOLINT(google-explicit-constructor)
      requires(D == 2) {
    return {values_[0], values_[1]};
  }

 private:
  std::array<T, D> values_;
};

}  // namespace torch

namespace at = torch;   // NOLINT(misc-unused-alias-decls): names that programs use
namespace c10 = torch;  // NOLINT(misc-unused-alias-decls)
