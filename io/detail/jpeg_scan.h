#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <tarn/io/detail/image_check.h>
#include <tarn/io/detail/jpeg_huffman.h>

namespace tarn::io::detail {

/// A component of a JPEG's frame: brightness, or one of two colours.
struct JpegComponent {
  std::uint32_t id = 0;
  std::uint32_t quantization = 0;  ///< which table
  std::size_t across = 1;          ///< sampling factors: blocks of an MCU of several components
  std::size_t down = 1;
  std::size_t width = 0;  ///< blocks of 8 x 8 pixels, without those that only fill up an MCU
  std::size_t height = 0;
  std::size_t stride = 0;  ///< blocks from row to row, with those that fill up the last MCU
  bool scanned = false;    ///< whether its DC coefficients were read
  /// Progressive only: bit k of a block's mask says that coefficient k, in zigzag order, is not 0.
  std::vector<std::uint64_t> nonzero;
};

/// A scan's header, and what was defined before it. Names as in ITU T.81, annexes A and B.2.3.
struct JpegScan {
  struct Part {
    JpegComponent* component;
    const JpegHuffman* dc;
    const JpegHuffman* ac;
  };
  std::size_t offset = 0;  ///< of its header
  std::vector<Part> parts{};
  bool progressive = false;
  std::uint32_t spectral_start = 0;  ///< the first and the last coefficient that it has
  std::uint32_t spectral_end = 63;
  std::uint32_t approximation_high = 0;  ///< low bits that are not known yet; 0 in a first scan
  std::uint32_t approximation_low = 0;   ///< low bits that it leaves out
  std::size_t mcus_across = 0;           ///< if it has several components
  std::size_t mcus_down = 0;
  std::size_t restart_interval = 0;  ///< MCUs from marker to marker; 0: no markers
};

/// Decodes the data of a scan, from `offset` on, as far as it takes to know that they are whole:
/// each code exists, each coefficient and restart marker is where it may be, no coefficient is
/// beyond 32767, and the bits suffice. Returns the offset of the marker behind them; throws
/// FormatError that says in which MCU the data are damaged. ITU T.81, annexes F.2.2 and G.2.
std::size_t check_jpeg_scan(const ImageBytes& bytes, std::size_t offset, const JpegScan& scan);

}  // namespace tarn::io::detail
