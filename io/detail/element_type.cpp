#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include <tarn/io/detail/element_type.h>

namespace tarn::io::detail {
namespace {

static_assert(std::endian::native == std::endian::little);

// Sign, 5 bits of exponent, 10 bits of fraction.
float half(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31;
  const int fraction = bits & 1023;
  const float size = exponent == 31 ? (fraction == 0 ? HUGE_VALF : NAN)
                     : exponent == 0
                         ? std::ldexp(static_cast<float>(fraction), -24)
                         : std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
  return bits >> 15 ? -size : size;
}

// The upper half of a float32.
float brain_float(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

template <class From, class To, class Convert>
void decode(const std::byte* from, bool big_endian, const Tensor& to, Convert convert) {
  To* const out = to.data_ptr<To>();
  for (std::int64_t i = 0; i < to.numel(); ++i, from += sizeof(From)) {
    std::byte bytes[sizeof(From)];
    std::memcpy(bytes, from, sizeof(From));
    if (big_endian) std::reverse(bytes, bytes + sizeof(From));
    From value;
    std::memcpy(&value, bytes, sizeof(From));
    out[i] = convert(value);
  }
}

template <class From, class To>
void decode(const std::byte* from, bool big_endian, const Tensor& to) {
  if (std::is_same_v<From, To> && !big_endian) {
    if (to.numel() > 0)
      std::memcpy(to.data_ptr<To>(), from, static_cast<std::size_t>(to.numel()) * sizeof(To));
  } else {
    decode<From, To>(from, big_endian, to, [](From value) { return static_cast<To>(value); });
  }
}

}  // namespace

std::size_t stored_size(ElementType type) {
  constexpr std::size_t kSizes[] = {2, 2, 4, 8, 1, 2, 4, 8, 1, 2, 4, 1};
  return kSizes[static_cast<int>(type)];
}

DType holding(ElementType type) {
  constexpr DType kTypes[] = {kFloat32, kFloat32, kFloat32, kFloat64, kInt32, kInt32,
                              kInt32,   kInt64,   kUInt8,   kInt32,   kInt64, kBool};
  return kTypes[static_cast<int>(type)];
}

ElementType stored_as(DType dtype) {
  constexpr ElementType kTypes[] = {ElementType::f32, ElementType::f64, ElementType::i64,
                                    ElementType::i32, ElementType::u8,  ElementType::boolean};
  return kTypes[static_cast<int>(dtype)];
}

// A byte other than 0 and 1 would be no bool.
bool is_memory_format(ElementType type) {
  return type != ElementType::boolean && stored_as(holding(type)) == type;
}

// Sizes of 0 count as 1, so that the strides of an empty tensor do not overflow either. In memory
// an element may take more bytes than in the file.
std::optional<std::uint64_t> stored_bytes(const Shape& shape, ElementType type) {
  std::int64_t elements = 1;
  std::int64_t memory = 0;
  bool empty = false;
  for (const std::int64_t size : shape) {
    empty = empty || size == 0;
    if (__builtin_mul_overflow(elements, std::max<std::int64_t>(size, 1), &elements)) return {};
  }
  const auto largest = std::max(stored_size(type), element_size(holding(type)));
  if (__builtin_mul_overflow(elements, static_cast<std::int64_t>(largest), &memory)) return {};
  return empty ? 0 : static_cast<std::uint64_t>(elements) * stored_size(type);
}

void decode(ElementType type, const std::byte* from, bool big_endian, const Tensor& to) {
  switch (type) {
    case ElementType::f16:
      return decode<std::uint16_t, float>(from, big_endian, to, half);
    case ElementType::bf16:
      return decode<std::uint16_t, float>(from, big_endian, to, brain_float);
    case ElementType::f32:
      return decode<float, float>(from, big_endian, to);
    case ElementType::f64:
      return decode<double, double>(from, big_endian, to);
    case ElementType::i8:
      return decode<std::int8_t, std::int32_t>(from, big_endian, to);
    case ElementType::i16:
      return decode<std::int16_t, std::int32_t>(from, big_endian, to);
    case ElementType::i32:
      return decode<std::int32_t, std::int32_t>(from, big_endian, to);
    case ElementType::i64:
      return decode<std::int64_t, std::int64_t>(from, big_endian, to);
    case ElementType::u8:
      return decode<std::uint8_t, std::uint8_t>(from, big_endian, to);
    case ElementType::u16:
      return decode<std::uint16_t, std::int32_t>(from, big_endian, to);
    case ElementType::u32:
      return decode<std::uint32_t, std::int64_t>(from, big_endian, to);
    case ElementType::boolean:
      return decode<std::uint8_t, bool>(from, big_endian, to,
                                        [](std::uint8_t value) { return value != 0; });
  }
}

}  // namespace tarn::io::detail
