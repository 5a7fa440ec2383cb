#pragma once

#include <cstddef>
#include <cstdint>

namespace tarn {

/// The element types of a tensor.
enum class DType : std::uint8_t { float32, float64, int64, int32, uint8, boolean };

inline constexpr DType kFloat32 = DType::float32;
inline constexpr DType kFloat64 = DType::float64;
inline constexpr DType kInt64 = DType::int64;
inline constexpr DType kInt32 = DType::int32;
inline constexpr DType kUInt8 = DType::uint8;
inline constexpr DType kBool = DType::boolean;

/// "float32", "int64", ... as PyTorch names them.
const char* name(DType dtype);

/// Bytes of one element.
std::size_t element_size(DType dtype);

/// True for float32 and float64, the types that can require grad.
constexpr bool is_floating_point(DType dtype) {
  return dtype == DType::float32 || dtype == DType::float64;
}

/// The type that holds both, as PyTorch's `promote_types`: bool < uint8 < int32 < int64 < float32 <
/// float64.
constexpr DType promote_types(DType a, DType b) {
  constexpr int rank[] = {4, 5, 3, 2, 1, 0};
  return rank[static_cast<int>(a)] >= rank[static_cast<int>(b)] ? a : b;
}

/// The DType of a C++ element type: `dtype_of<float> == kFloat32`.
template <class T>
inline constexpr DType dtype_of = [] {
  static_assert(
      sizeof(T) == 0,
      "not an element type of tarn: use float, double, int64_t, int32_t, uint8_t or bool");
  return DType::float32;
}();
template <>
inline constexpr DType dtype_of<float> = DType::float32;
template <>
inline constexpr DType dtype_of<double> = DType::float64;
template <>
inline constexpr DType dtype_of<std::int64_t> = DType::int64;
template <>
inline constexpr DType dtype_of<std::int32_t> = DType::int32;
template <>
inline constexpr DType dtype_of<std::uint8_t> = DType::uint8;
template <>
inline constexpr DType dtype_of<bool> = DType::boolean;

}  // namespace tarn
