#include <algorithm>
#include <bit>
#include <span>
#include <type_traits>

#include <tarn/data/idx.h>
#include <tarn/io/detail/grouped.h>
#include <tarn/io/detail/hex.h>
#include <tarn/io/detail/input_file.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/str.h>

namespace tarn::data {
namespace {

using io::detail::grouped;
using io::detail::InputFile;

struct Header {
  std::uint8_t code = 0;
  DType dtype = kUInt8;             // of the result
  std::uint64_t element_bytes = 0;  // in the file
  Shape shape;
  std::uint64_t header_bytes = 0;
  std::uint64_t payload_bytes = 0;
};

// 3c 21 44 4f ("<!DO")
std::string quoted(std::span<const std::byte> bytes) {
  std::string numbers;
  std::string text;
  for (const std::byte byte : bytes) {
    numbers.append(numbers.empty() ? "" : " ")
        .append(io::detail::hex(std::to_integer<unsigned>(byte), 2));
    const char c = static_cast<char>(byte);
    text += c >= ' ' && c <= '~' ? c : '.';
  }
  return str(numbers, " (\"", text, "\")");
}

void set_type(const InputFile& file, Header& header) {
  const auto set = [&](DType dtype, std::uint64_t bytes) {
    header.dtype = dtype;
    header.element_bytes = bytes;
  };
  switch (header.code) {
    case 0x08:
      return set(kUInt8, 1);
    case 0x09:
      return set(kInt32, 1);
    case 0x0b:
      return set(kInt32, 2);
    case 0x0c:
      return set(kInt32, 4);
    case 0x0d:
      return set(kFloat32, 4);
    case 0x0e:
      return set(kFloat64, 8);
    default:
      file.fail(str("unknown type code 0x", io::detail::hex(header.code, 2),
                    " at offset 2: expected 08, 09, 0b, 0c, 0d or 0e"),
                2);
  }
}

// "60000 x 28 x 28", and the bytes of an element when there are several
std::string dimensions(const Header& header) {
  std::string text;
  for (const std::int64_t size : header.shape)
    text.append(text.empty() ? "" : " x ").append(std::to_string(size));
  if (header.element_bytes > 1) text.append(str(" x ", header.element_bytes));
  return text;
}

void read_shape(InputFile& file, int rank, Header& header) {
  std::byte bytes[4 * kMaxDim];
  const auto size = static_cast<std::size_t>(4 * rank);
  const std::size_t count = file.read({bytes, size});
  if (count < size) {
    file.fail(str("header ends after ", file.position(), " bytes: expected ", header.header_bytes,
                  " for ", rank, " dimensions; download it again"),
              file.position());
  }
  for (std::size_t i = 0; i < size; i += 4) {
    std::int64_t extent = 0;
    for (std::size_t k = 0; k < 4; ++k)
      extent = extent << 8 | std::to_integer<std::int64_t>(bytes[i + k]);
    header.shape.push_back(extent);
  }
}

// Sizes of 0 count as 1 here, so that the strides of an empty tensor do not overflow either.
void set_payload(const InputFile& file, Header& header) {
  auto product = static_cast<std::int64_t>(element_size(header.dtype));
  bool empty = false;
  for (const std::int64_t size : header.shape) {
    empty = empty || size == 0;
    if (__builtin_mul_overflow(product, std::max<std::int64_t>(size, 1), &product)) {
      file.fail(
          str("dimensions ", dimensions(header), " overflow 64 bits: not an IDX file, or damaged"),
          4);
    }
  }
  header.payload_bytes = empty ? 0
                               : static_cast<std::uint64_t>(product) / element_size(header.dtype) *
                                     header.element_bytes;
}

Header read_header(InputFile& file) {
  std::byte start[4];
  const std::size_t count = file.read(start);
  if (count < 4)
    file.fail(str("holds ", count, " bytes: too short for an IDX file; download it again"), count);
  if (start[0] != std::byte{0} || start[1] != std::byte{0}) {
    file.fail(str("starts with ", quoted(start), ": not an IDX file (two zero bytes come first); ",
                  start[0] == std::byte{'<'} ? "an HTML page saved by a failed download? " : "",
                  "scripts/get_mnist.sh fetches MNIST"),
              0);
  }
  Header header;
  header.code = std::to_integer<std::uint8_t>(start[2]);
  set_type(file, header);
  const int rank = std::to_integer<int>(start[3]);
  if (rank < 1 || rank > kMaxDim)
    file.fail(str("rank ", rank, " at offset 3: expected 1..", kMaxDim), 3);
  header.header_bytes = 4 + 4 * static_cast<std::uint64_t>(rank);
  read_shape(file, rank, header);
  set_payload(file, header);
  return header;
}

[[noreturn]] void fail_short(const InputFile& file, const Header& header,
                             const std::string& present) {
  file.fail(str("header promises ", dimensions(header), " = ", grouped(header.payload_bytes),
                " bytes, ", present, "; download it again"),
            file.position());
}

// Before anything is allocated: can the file hold what its header promises?
void check_size(const InputFile& file, const Header& header) {
  const std::uint64_t room =
      file.max_bytes() < header.header_bytes ? 0 : file.max_bytes() - header.header_bytes;
  if (file.is_gzip()) {
    if (header.payload_bytes > room)
      fail_short(file, header, str("a gzip file of this size holds at most ", grouped(room)));
  } else if (header.payload_bytes > room) {
    fail_short(file, header, str("the file has ", grouped(room)));
  } else if (header.payload_bytes < room) {
    file.fail(str(grouped(room - header.payload_bytes), " bytes after the promised ",
                  grouped(header.payload_bytes), ": corrupt, or two files concatenated"),
              header.header_bytes + header.payload_bytes);
  }
}

void read_payload(InputFile& file, const Header& header, std::span<std::byte> out) {
  file.expect(header.header_bytes + header.payload_bytes);
  const std::size_t count = file.read(out);
  if (count < out.size()) {
    fail_short(file, header,
               str(file.is_gzip() ? "the gzip stream has " : "the file has ", grouped(count)));
  }
  // Reading on is what makes zlib compare the checksum.
  std::byte beyond{};
  if (file.read({&beyond, 1}) == 0) return;
  const char* const container = file.is_gzip() ? "gzip" : "the file";
  file.fail(
      str(container, " holds more than the ", grouped(header.header_bytes + header.payload_bytes),
          " bytes the header promises: corrupt, or two files concatenated"),
      header.header_bytes + header.payload_bytes);
}

template <std::size_t bytes>
struct Unsigned;
template <>
struct Unsigned<1> : std::type_identity<std::uint8_t> {};
template <>
struct Unsigned<2> : std::type_identity<std::uint16_t> {};
template <>
struct Unsigned<4> : std::type_identity<std::uint32_t> {};
template <>
struct Unsigned<8> : std::type_identity<std::uint64_t> {};

// Big-endian numbers to this machine's. `from` may lie at the end of the memory of `to`: nothing is
// overwritten unread.
template <class From, class To>
void decode(const std::byte* from, To* to, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    typename Unsigned<sizeof(From)>::type bits = 0;
    for (std::size_t k = 0; k < sizeof(From); ++k) {
      bits = static_cast<decltype(bits)>(static_cast<std::uint64_t>(bits) << 8 |
                                         std::to_integer<std::uint64_t>(*from++));
    }
    to[i] = static_cast<To>(std::bit_cast<From>(bits));
  }
}

void decode(std::uint8_t code, const std::byte* from, const Tensor& to) {
  const std::int64_t count = to.numel();
  switch (code) {
    case 0x09:
      return decode<std::int8_t>(from, to.data_ptr<std::int32_t>(), count);
    case 0x0b:
      return decode<std::int16_t>(from, to.data_ptr<std::int32_t>(), count);
    case 0x0c:
      return decode<std::int32_t>(from, to.data_ptr<std::int32_t>(), count);
    case 0x0d:
      return decode<float>(from, to.data_ptr<float>(), count);
    case 0x0e:
      return decode<double>(from, to.data_ptr<double>(), count);
    default:
      return;  // bytes need nothing
  }
}

}  // namespace

Tensor read_idx(const std::string& path, const char* component) {
  InputFile file(component, path);
  const Header header = read_header(file);
  check_size(file, header);
  Tensor elements = empty(header.shape, {.dtype = header.dtype});
  // Narrow elements are read to the end of the memory and widened from the front, without a second
  // buffer.
  const std::size_t bytes = static_cast<std::size_t>(elements.numel()) * element_size(header.dtype);
  const std::span<std::byte> memory(elements.impl().data(), bytes);
  const std::span<std::byte> payload = memory.last(header.payload_bytes);
  read_payload(file, header, payload);
  decode(header.code, payload.data(), elements);
  return elements;
}

}  // namespace tarn::data
