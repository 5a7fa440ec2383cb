#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <tarn/io/detail/image_check.h>

namespace tarn::io::detail {

/// A Huffman table of a JPEG (ITU T.81, annex C).
class JpegHuffman {
 public:
  /// A symbol and how many bits its code has, 1..16; 0 when there is no such code.
  struct Match {
    std::uint8_t symbol = 0;
    std::uint8_t length = 0;
  };

  /// A table that was not defined.
  JpegHuffman() = default;
  /// Reads the number of codes of each length and the symbols at `offset` of the file. Throws
  /// FormatError when there are more codes than there can be.
  JpegHuffman(const ImageBytes& bytes, std::size_t offset);

  bool defined() const { return size_ > 0; }
  /// Bytes that the table takes in the file.
  std::size_t size() const { return size_; }
  /// The code that 16 bits begin with.
  Match match(std::uint32_t bits) const {
    const Match& match = short_[bits >> (16 - kShort)];
    return match.length > 0 ? match : match_long(bits);
  }

 private:
  static constexpr std::uint32_t kShort =
      8;  // nearly all codes of a scan have at most so many bits
  Match match_long(std::uint32_t bits) const;

  std::array<Match, 1 << kShort> short_{};
  std::array<std::uint8_t, 256> symbols_{};
  std::array<std::uint32_t, 17> first_{};  // of each length: symbol's place minus code, mod 2^32
  std::array<std::uint32_t, 17> end_{};    // behind the last code of each length, as of 16 bits
  std::size_t size_ = 0;
};

}  // namespace tarn::io::detail
