#include <string_view>
#include <vector>

#include <zlib.h>

#include <tarn/io/detail/grouped.h>
#include <tarn/io/detail/hex.h>
#include <tarn/io/detail/image_check.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::io::detail {
namespace {

constexpr std::size_t kSignature = 8;
constexpr std::size_t kAround = 12;  // length, name and checksum of a chunk

struct PngHeader {
  std::uint64_t width;
  std::uint64_t height;
  std::uint32_t depth;
  std::uint32_t color;
  bool interlaced;
};

// Samples of a pixel; 0 for a colour type that there is none of.
std::uint64_t samples(std::uint32_t color) {
  constexpr std::uint64_t kSamples[] = {1, 0, 3, 1, 2, 0, 4};
  return color < 7 ? kSamples[color] : 0;
}

PngHeader read_header(const ImageBytes& bytes, std::size_t at, std::size_t length,
                      const ImageOptions& options) {
  if (length != 13) bytes.fail(str("IHDR has ", length, " bytes: expected 13"), at);
  const PngHeader header{bytes.big32(at), bytes.big32(at + 4), bytes.byte(at + 8),
                         bytes.byte(at + 9), bytes.byte(at + 12) == 1};
  bytes.check_size(header.width, header.height, at, options);
  const std::uint32_t depth = header.depth;
  const std::uint32_t color = header.color;
  const bool whole = depth == 8 || depth == 16;
  const bool packed = depth == 1 || depth == 2 || depth == 4;
  const bool good = color == 0   ? whole || packed
                    : color == 3 ? depth == 8 || packed
                                 : samples(color) > 0 && whole;
  if (!good || bytes.byte(at + 10) != 0 || bytes.byte(at + 11) != 0 || bytes.byte(at + 12) > 1) {
    bytes.fail(str("IHDR says colour type ", color, " with ", depth,
                   " bits, or unknown methods: not in the PNG format"),
               at + 8);
  }
  return header;
}

// Bytes that the pixels take before compression: each row has one more, for its filter.
std::uint64_t unpacked_size(const PngHeader& header) {
  struct Pass {
    std::uint64_t x, y, dx, dy;
  };
  constexpr Pass kWhole[] = {{0, 0, 1, 1}};
  constexpr Pass kAdam7[] = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
                             {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}};
  std::uint64_t size = 0;
  const auto add = [&](const Pass& pass) {
    const std::uint64_t width = (header.width + pass.dx - 1 - pass.x) / pass.dx;
    const std::uint64_t height = (header.height + pass.dy - 1 - pass.y) / pass.dy;
    if (width > 0) size += height * (1 + (width * samples(header.color) * header.depth + 7) / 8);
  };
  if (header.interlaced) {
    for (const Pass& pass : kAdam7) add(pass);
  } else {
    add(kWhole[0]);
  }
  return size;
}

// Unpacks the data chunks, to see that they hold neither less nor more than the pixels.
class Inflater {
 public:
  Inflater() {
    if (inflateInit(&stream_) != Z_OK)
      throw OutOfMemory("image: no memory to unpack a PNG", 1 << 16);
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  void feed(const ImageBytes& bytes, std::size_t at, std::size_t length, std::uint64_t expected) {
    std::vector<unsigned char> out(1 << 16);
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data() + at));
    stream_.avail_in = static_cast<uInt>(length);
    while (stream_.avail_in > 0 && !ended_) {
      stream_.next_out = out.data();
      stream_.avail_out = static_cast<uInt>(out.size());
      const int code = inflate(&stream_, Z_NO_FLUSH);
      size_ += out.size() - stream_.avail_out;
      if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
        bytes.fail("the compressed pixels are damaged", at + length - stream_.avail_in);
      if (size_ > expected)
        bytes.fail(str("holds more than the ", grouped(expected),
                       " bytes of pixels that its header promises"),
                   at);
      ended_ = code == Z_STREAM_END;
    }
    if (ended_ && stream_.avail_in > 0) bytes.fail("bytes follow the compressed pixels", at);
  }

  void finish(const ImageBytes& bytes, std::uint64_t expected) const {
    if (ended_ && size_ == expected) return;
    bytes.fail(
        str("holds ", grouped(size_), " bytes of pixels, its header promises ", grouped(expected)),
        bytes.size());
  }

 private:
  z_stream stream_{};
  std::uint64_t size_ = 0;
  bool ended_ = false;
};

void check_checksum(const ImageBytes& bytes, std::string_view name, std::size_t at,
                    std::size_t length) {
  const auto* const from = reinterpret_cast<const Bytef*>(bytes.data() + at + 4);
  const auto computed =
      static_cast<std::uint32_t>(crc32_z(crc32_z(0, nullptr, 0), from, length + 4));
  const std::uint32_t stored = bytes.big32(at + 8 + length);
  if (computed == stored) return;
  bytes.fail(str("CRC of chunk ", name, " at offset ", at, " is ", hex(computed), ", stored ",
                 hex(stored), ": damaged"),
             at);
}

bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

}  // namespace

void check_png(const ImageBytes& bytes, const ImageOptions& options) {
  PngHeader header{};
  Inflater inflater;
  std::uint64_t expected = 0;
  std::string_view last;
  bool has_data = false;
  for (std::size_t at = kSignature; last != "IEND";) {
    const std::size_t length = bytes.big32(at);
    bytes.byte(at + 7);
    const std::string_view name(reinterpret_cast<const char*>(bytes.data() + at + 4), 4);
    for (const char c : name)
      if (!is_letter(c)) bytes.fail(str("no chunk begins at offset ", at, ": damaged"), at);
    if (length > bytes.size() - at || length + kAround > bytes.size() - at) {
      bytes.fail(str("chunk ", name, " at offset ", at, " promises ", grouped(length), " bytes, ",
                     grouped(bytes.size() - at - 8), " remain; truncated"),
                 at);
    }
    if ((last.empty()) != (name == "IHDR"))
      bytes.fail(str("chunk ", name, " at offset ", at, ": expected IHDR first, and once"), at);
    check_checksum(bytes, name, at, length);
    if (name == "IHDR") {
      header = read_header(bytes, at + 8, length, options);
      expected = unpacked_size(header);
    } else if (name == "IDAT") {
      if (has_data && last != "IDAT") bytes.fail("IDAT chunks are not together", at);
      inflater.feed(bytes, at + 8, length, expected);
      has_data = true;
    } else if (name == "PLTE") {
      if (length == 0 || length % 3 != 0 || length > 768 || has_data)
        bytes.fail(str("PLTE of ", length, " bytes: expected 1..256 colours before IDAT"), at);
    } else if (name != "IEND" && (name[0] & 32) == 0) {
      bytes.fail(str("chunk ", name, " at offset ", at, ": unknown, and needed to decode"), at);
    }
    at += length + kAround;
    last = name;
  }
  inflater.finish(bytes, expected);
}

}  // namespace tarn::io::detail
