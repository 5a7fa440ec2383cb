#include <string_view>

#include <zlib.h>

#include <tarn/io/detail/png_bytes.h>
#include <tarn/tensor/error.h>

namespace tarn::io::detail {
namespace {

void append_big_endian(std::string& out, std::uint32_t number) {
  for (const int shift : {24, 16, 8, 0}) out += static_cast<char>(number >> shift & 0xFF);
}

void append_chunk(std::string& out, const std::string& type, const std::string& content) {
  append_big_endian(out, static_cast<std::uint32_t>(content.size()));
  const std::string summed = type + content;
  out += summed;
  append_big_endian(
      out, static_cast<std::uint32_t>(::crc32(0, reinterpret_cast<const Bytef*>(summed.data()),
                                              static_cast<uInt>(summed.size()))));
}

std::string compressed(const std::string& rows) {
  uLongf size = ::compressBound(static_cast<uLong>(rows.size()));
  std::string out(size, '\0');
  if (::compress(reinterpret_cast<Bytef*>(out.data()), &size,
                 reinterpret_cast<const Bytef*>(rows.data()),
                 static_cast<uLong>(rows.size())) != Z_OK) {
    throw OutOfMemory("png_bytes: not enough memory to compress an image", rows.size());
  }
  out.resize(size);
  return out;
}

}  // namespace

std::string png_bytes(std::span<const std::uint8_t> pixels, std::int64_t height, std::int64_t width,
                      std::int64_t channels) {
  std::string header;
  append_big_endian(header, static_cast<std::uint32_t>(width));
  append_big_endian(header, static_cast<std::uint32_t>(height));
  header += '\x08';                         // bits
  header += channels == 3 ? '\x02' : '\0';  // colour or grey
  header += std::string(3, '\0');           // deflate, filters, not interlaced
  std::string rows;
  const auto row_size = static_cast<std::size_t>(width * channels);
  for (std::int64_t row = 0; row < height; ++row) {
    rows += '\0';  // no filter
    const auto part = pixels.subspan(static_cast<std::size_t>(row) * row_size, row_size);
    rows.append(part.begin(), part.end());
  }
  std::string out("\x89PNG\r\n\x1A\n", 8);
  append_chunk(out, "IHDR", header);
  append_chunk(out, "IDAT", compressed(rows));
  append_chunk(out, "IEND", "");
  return out;
}

std::string base64(const std::string& bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      out += i + k > bytes.size() ? '=' : kDigits[group >> (18 - 6 * k) & 63];
    }
  }
  return out;
}

}  // namespace tarn::io::detail
