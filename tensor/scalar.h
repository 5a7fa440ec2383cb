#pragma once

#include <concepts>
#include <cstdint>

#include <tarn/tensor/dtype.h>

namespace tarn {

/// A plain number as an operand of tensors. As in PyTorch its type only matters by category: a C++
/// `int` never widens an int32 tensor, a C++ `double` turns integer tensors into float32 and leaves
/// float32 as it is.
class Scalar {
 public:
  Scalar(std::floating_point auto value)  // NOLINT(google-explicit-constructor)
      : dtype_(DType::float64), floating_(static_cast<double>(value)) {}
  Scalar(std::integral auto value)  // NOLINT(google-explicit-constructor)
      : dtype_(DType::int64), integer_(static_cast<std::int64_t>(value)) {}
  Scalar(bool value)
      : dtype_(DType::boolean), integer_(value) {}  // NOLINT(google-explicit-constructor)

  /// float64, int64 or bool.
  DType dtype() const { return dtype_; }

  /// The value as an element type; floating to integer truncates.
  template <class T>
  T to() const {
    return dtype_ == DType::float64 ? static_cast<T>(floating_) : static_cast<T>(integer_);
  }

 private:
  DType dtype_;
  union {
    double floating_;
    std::int64_t integer_;
  };
};

}  // namespace tarn
