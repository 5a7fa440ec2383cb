#pragma once

#include <tarn/tensor/dtype.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::kernels {

/// Calls f.operator()<T>() with the C++ type of `dtype`; throws DTypeError for bool, which has no
/// arithmetic.
template <class F>
decltype(auto) visit_numeric(const char* op, DType dtype, F&& f) {
  switch (dtype) {
    case DType::float32:
      return f.template operator()<float>();
    case DType::float64:
      return f.template operator()<double>();
    case DType::int64:
      return f.template operator()<std::int64_t>();
    case DType::int32:
      return f.template operator()<std::int32_t>();
    case DType::uint8:
      return f.template operator()<std::uint8_t>();
    case DType::boolean:
      break;
  }
  throw DTypeError(str(op, ": not defined for bool tensors; convert one with .to(kInt64)"));
}

/// The same for all six types.
template <class F>
decltype(auto) visit(DType dtype, F&& f) {
  if (dtype == DType::boolean) return f.template operator()<bool>();
  return visit_numeric("visit", dtype, f);
}

/// The same for float32 and float64; throws DTypeError for the others.
template <class F>
decltype(auto) visit_floating(const char* op, DType dtype, F&& f) {
  switch (dtype) {
    case DType::float32:
      return f.template operator()<float>();
    case DType::float64:
      return f.template operator()<double>();
    default:
      break;
  }
  throw DTypeError(
      str(op, ": expected float32 or float64, got ", dtype, "; convert with .to(kFloat32)"));
}

}  // namespace tarn::kernels
