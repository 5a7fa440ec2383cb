#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <tarn/tensor/dtype.h>
#include <tarn/tensor/shape.h>
#include <tarn/tensor/tensor.h>

namespace tarn::io::detail {

/// How a file stores an element: IEEE 754 binary16, bfloat16, binary32 and binary64, integers in
/// two's complement, and bytes that are false when 0.
enum class ElementType : std::uint8_t {
  f16,
  bf16,
  f32,
  f64,
  i8,
  i16,
  i32,
  i64,
  u8,
  u16,
  u32,
  boolean
};

/// Bytes of one stored element.
std::size_t stored_size(ElementType type);
/// The smallest element type of tensors that holds all values.
DType holding(ElementType type);
/// How elements of a tensor are stored: as they are.
ElementType stored_as(DType dtype);
/// A tensor can hold the bytes as they are, if they are little endian: any bytes are values.
bool is_memory_format(ElementType type);

/// Bytes that `shape` takes in a file; none when they, or the strides of a tensor of that shape,
/// overflow 64 bits.
std::optional<std::uint64_t> stored_bytes(const Shape& shape, ElementType type);

/// Converts stored elements, aligned or not, to those of `to`: contiguous, of dtype holding(type).
void decode(ElementType type, const std::byte* from, bool big_endian, const Tensor& to);

}  // namespace tarn::io::detail
