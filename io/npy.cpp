#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <span>

#include <tarn/io/detail/grouped.h>
#include <tarn/io/detail/input_file.h>
#include <tarn/io/detail/npy_header.h>
#include <tarn/io/detail/output_file.h>
#include <tarn/io/npy.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/str.h>

namespace tarn::io {
namespace {

using detail::grouped;
using detail::InputFile;
using detail::NpyHeader;

static_assert(std::endian::native == std::endian::little);

// IEEE 754 binary16: sign, 5 bits of exponent, 10 bits of fraction.
float half(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31;
  const int fraction = bits & 1023;
  const float size = exponent == 31 ? (fraction == 0 ? HUGE_VALF : NAN)
                     : exponent == 0
                         ? std::ldexp(static_cast<float>(fraction), -24)
                         : std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
  return bits >> 15 ? -size : size;
}

// Elements of type From, in either byte order, to elements of type To.
template <class From, class To, class F>
void decode(const NpyHeader& header, const std::byte* from, const Tensor& to, F&& convert) {
  To* const out = to.data_ptr<To>();
  for (std::int64_t i = 0; i < to.numel(); ++i, from += sizeof(From)) {
    std::byte bytes[sizeof(From)];
    std::memcpy(bytes, from, sizeof(From));
    if (header.big_endian) std::reverse(bytes, bytes + sizeof(From));
    From value;
    std::memcpy(&value, bytes, sizeof(From));
    out[i] = convert(value);
  }
}

template <class From, class To>
void decode(const NpyHeader& header, const std::byte* from, const Tensor& to) {
  decode<From, To>(header, from, to, [](From value) { return static_cast<To>(value); });
}

void decode(const NpyHeader& header, const std::byte* from, const Tensor& to) {
  const std::string& type = header.type;
  if (type == "f2") return decode<std::uint16_t, float>(header, from, to, half);
  if (type == "f4") return decode<float, float>(header, from, to);
  if (type == "f8") return decode<double, double>(header, from, to);
  if (type == "i1") return decode<std::int8_t, std::int32_t>(header, from, to);
  if (type == "i2") return decode<std::int16_t, std::int32_t>(header, from, to);
  if (type == "u2") return decode<std::uint16_t, std::int32_t>(header, from, to);
  if (type == "i4") return decode<std::int32_t, std::int32_t>(header, from, to);
  if (type == "u4") return decode<std::uint32_t, std::int64_t>(header, from, to);
  if (type == "i8") return decode<std::int64_t, std::int64_t>(header, from, to);
  if (type == "u1") return decode<std::uint8_t, std::uint8_t>(header, from, to);
  // A byte other than 0 and 1 would be no bool.
  decode<std::uint8_t, bool>(header, from, to, [](std::uint8_t value) { return value != 0; });
}

[[noreturn]] void fail_size(const InputFile& file, const NpyHeader& header, const char* relation,
                            std::uint64_t follow) {
  file.fail(
      str("shape ", header.shape, " of ", header.type, " needs ", grouped(header.payload_bytes),
          " bytes, ", relation, grouped(follow), " follow the header; truncated or damaged"),
      header.bytes);
}

const char* type_name(DType dtype) {
  switch (dtype) {
    case DType::float32:
      return "<f4";
    case DType::float64:
      return "<f8";
    case DType::int64:
      return "<i8";
    case DType::int32:
      return "<i4";
    case DType::uint8:
      return "|u1";
    case DType::boolean:
      break;
  }
  return "|b1";
}

}  // namespace

Tensor read_npy(const std::string& path) {
  InputFile file("npy", path);
  const NpyHeader header = detail::read_npy_header(file);
  const std::uint64_t room = file.max_bytes() < header.bytes ? 0 : file.max_bytes() - header.bytes;
  if (header.payload_bytes > room || (!file.is_gzip() && header.payload_bytes < room))
    fail_size(file, header, file.is_gzip() ? "at most " : "", room);

  const Tensor memory = empty({static_cast<std::int64_t>(header.payload_bytes)}, {.dtype = kUInt8});
  const std::span<std::byte> payload(memory.impl().data, header.payload_bytes);
  file.expect(header.bytes + header.payload_bytes);
  const std::size_t count = file.read(payload);
  if (count < payload.size()) fail_size(file, header, "", count);
  std::byte beyond{};
  if (file.read({&beyond, 1}) != 0) fail_size(file, header, "more than ", header.payload_bytes);

  // Fortran order is the order of the transposed array.
  Shape stored = header.shape;
  if (header.fortran_order) std::reverse(stored.begin(), stored.end());
  Tensor elements = empty(stored, {.dtype = header.dtype});
  decode(header, payload.data(), elements);
  if (!header.fortran_order) return elements;
  Shape reversed;
  for (int d = stored.size() - 1; d >= 0; --d) reversed.push_back(d);
  return elements.permute(reversed).contiguous();
}

void write_npy(const std::string& path, const Tensor& x) {
  if (!x.defined()) throw ValueError(str("npy: ", path, ": the tensor is undefined"));
  const Tensor values = x.detach().contiguous();
  std::string shape;
  for (const std::int64_t size : x.sizes()) shape += str(size, ", ");
  if (x.dim() > 1) shape.resize(shape.size() - 2);
  if (x.dim() == 1) shape.resize(shape.size() - 1);
  std::string header = str("{'descr': '", type_name(x.dtype()),
                           "', 'fortran_order': False, 'shape': (", shape, "), }");
  // The elements begin at a multiple of 64 bytes; the header ends with a newline.
  constexpr std::size_t kPrefix = 10;
  header.append(63 - (kPrefix + header.size()) % 64, ' ').push_back('\n');
  detail::OutputFile file("npy", path);
  file.write(std::string("\x93NUMPY\x01\x00", 8));
  file.write({static_cast<char>(header.size() & 255), static_cast<char>(header.size() >> 8)});
  file.write(header);
  file.write({values.impl().data,
              static_cast<std::size_t>(values.numel()) * element_size(values.dtype())});
  file.commit();
}

}  // namespace tarn::io
