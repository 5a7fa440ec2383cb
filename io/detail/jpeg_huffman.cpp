#include <tarn/io/detail/jpeg_huffman.h>
#include <tarn/tensor/str.h>

namespace tarn::io::detail {

JpegHuffman::JpegHuffman(const ImageBytes& bytes, std::size_t offset) {
  std::size_t codes = 0;
  for (std::size_t i = 0; i < 16; ++i) codes += bytes.byte(offset + i);
  if (codes > symbols_.size())
    bytes.fail(str("DHT at offset ", offset, " defines ", codes, " codes: at most 256"), offset);
  std::uint32_t code = 0;
  std::uint32_t place = 0;
  for (std::size_t length = 1; length <= 16; ++length) {
    const std::uint32_t count = bytes.byte(offset + length - 1);
    first_[length] = place - code;
    code += count;
    place += count;
    if (code > 1U << length) {
      bytes.fail(str("DHT at offset ", offset, " defines ", count, " codes of ", length,
                     " bits: more than there are"),
                 offset);
    }
    // stb_image 2.27 takes place 255 of its table of codes up to 9 bits for "longer".
    if (length == 9 && place == 256)
      bytes.fail(str("DHT at offset ", offset, " defines 256 codes of at most 9 bits"), offset);
    end_[length] = code << (16 - length);
    code <<= 1;
  }
  for (std::size_t i = 0; i < codes; ++i)
    symbols_[i] = static_cast<std::uint8_t>(bytes.byte(offset + 16 + i));
  size_ = 16 + codes;
  for (std::uint32_t bits = 0; bits < short_.size(); ++bits) {
    const Match match = match_long(bits << (16 - kShort));
    if (match.length <= kShort) short_[bits] = match;
  }
}

JpegHuffman::Match JpegHuffman::match_long(std::uint32_t bits) const {
  for (std::uint8_t length = 1; length <= 16; ++length)
    if (bits < end_[length]) return {symbols_[first_[length] + (bits >> (16 - length))], length};
  return {};
}

}  // namespace tarn::io::detail
