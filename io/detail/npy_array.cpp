#include <algorithm>
#include <span>

#include <tarn/io/detail/element_type.h>
#include <tarn/io/detail/grouped.h>
#include <tarn/io/detail/npy_array.h>
#include <tarn/io/detail/npy_header.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/str.h>

namespace tarn::io::detail {
namespace {

[[noreturn]] void fail_size(const ByteReader& file, const NpyHeader& header, const char* relation,
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

Tensor read_npy_array(ByteReader& file) {
  const NpyHeader header = read_npy_header(file);
  const std::uint64_t room = file.max_bytes() < header.bytes ? 0 : file.max_bytes() - header.bytes;
  if (header.payload_bytes > room || (file.is_exact() && header.payload_bytes < room))
    fail_size(file, header, file.is_exact() ? "" : "at most ", room);

  const Tensor memory = empty({static_cast<std::int64_t>(header.payload_bytes)}, {.dtype = kUInt8});
  const std::span<std::byte> payload(memory.impl().data(), header.payload_bytes);
  file.expect(header.bytes + header.payload_bytes);
  const std::size_t count = file.read(payload);
  if (count < payload.size()) fail_size(file, header, "", count);
  std::byte beyond{};
  if (file.read({&beyond, 1}) != 0) fail_size(file, header, "more than ", header.payload_bytes);

  // Fortran order is the order of the transposed array.
  Shape stored = header.shape;
  if (header.fortran_order) std::reverse(stored.begin(), stored.end());
  Tensor elements = empty(stored, {.dtype = holding(header.element)});
  decode(header.element, payload.data(), header.big_endian, elements);
  if (!header.fortran_order) return elements;
  Shape reversed;
  for (int d = stored.size() - 1; d >= 0; --d) reversed.push_back(d);
  return elements.permute(reversed).contiguous();
}

std::string npy_start(const Tensor& x) {
  std::string shape;
  for (const std::int64_t size : x.sizes()) shape += str(size, ", ");
  if (x.dim() > 1) shape.resize(shape.size() - 2);
  if (x.dim() == 1) shape.resize(shape.size() - 1);
  std::string header = str("{'descr': '", type_name(x.dtype()),
                           "', 'fortran_order': False, 'shape': (", shape, "), }");
  // The elements begin at a multiple of 64 bytes; the header ends with a newline.
  constexpr std::size_t kPrefix = 10;
  header.append(63 - (kPrefix + header.size()) % 64, ' ').push_back('\n');
  std::string start("\x93NUMPY\x01\x00", 8);
  start += static_cast<char>(header.size() & 255);
  start += static_cast<char>(header.size() >> 8);
  return start + header;
}

}  // namespace tarn::io::detail
