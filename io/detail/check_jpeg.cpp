#include <array>

#include <tarn/io/detail/image_check.h>
#include <tarn/tensor/str.h>

namespace tarn::io::detail {
namespace {

// Markers: the second byte, behind 0xff (ITU T.81, table B.1).
constexpr std::uint32_t kStartOfImage = 0xd8;
constexpr std::uint32_t kEndOfImage = 0xd9;
constexpr std::uint32_t kHuffmanTables = 0xc4;
constexpr std::uint32_t kArithmeticTables = 0xcc;
constexpr std::uint32_t kScan = 0xda;
constexpr std::uint32_t kQuantizationTables = 0xdb;
constexpr std::uint32_t kNumberOfLines = 0xdc;
constexpr std::uint32_t kRestartInterval = 0xdd;
constexpr std::uint32_t kBaseline = 0xc0;
constexpr std::uint32_t kExtended = 0xc1;
constexpr std::uint32_t kProgressive = 0xc2;

bool is_restart(std::uint32_t marker) { return marker >= 0xd0 && marker <= 0xd7; }

// Debian 12's stb_image (2.27) writes a Huffman table of up to 4080 codes into 256 places, and uses
// tables that were never defined: what it is given is walked through here first.
class Walk {
 public:
  Walk(const ImageBytes& bytes, const ImageOptions& options) : bytes_(bytes), options_(options) {}

  void run() {
    std::uint32_t marker = next_marker();
    if (marker != kStartOfImage) bytes_.fail("no start of image", 0);
    for (marker = next_marker(); marker != kEndOfImage; marker = next_marker()) segment(marker);
    for (std::size_t c = 0; c < 3; ++c)
      if (components_ == 0 || (c < components_ && !scanned_[c]))
        bytes_.fail(str("JPEG without the pixels of component ", c), at_);
  }

 private:
  // Bytes 0xff may fill up the space in front of a marker.
  std::uint32_t next_marker() {
    if (bytes_.byte(at_) != 0xff) bytes_.fail(str("no marker at offset ", at_, ": damaged"), at_);
    while (bytes_.byte(at_) == 0xff) ++at_;
    return bytes_.byte(at_++);
  }

  void segment(std::uint32_t marker) {
    const std::size_t begin = at_;
    const std::size_t length = bytes_.big16(begin);
    if (length < 2 || length > bytes_.size() - begin) {
      bytes_.fail(str("segment at offset ", begin, " promises ", length, " bytes, ",
                      bytes_.size() - begin, " remain; truncated"),
                  begin);
    }
    end_ = begin + length;
    at_ = begin + 2;
    if (marker == kHuffmanTables) {
      while (at_ < end_) huffman_table();
    } else if (marker == kQuantizationTables) {
      while (at_ < end_) quantization_table();
    } else if (marker == kBaseline || marker == kExtended || marker == kProgressive) {
      frame(marker);
    } else if (marker == kScan) {
      return scan();
    } else if (marker == kRestartInterval) {
      at_ += 2;
    } else if (marker >= 0xe0 && marker <= 0xfe && (marker < 0xf0 || marker == 0xfe)) {
      at_ = end_;  // applications' own, and comments
    } else {
      refuse(marker, begin);
    }
    if (at_ != end_) bytes_.fail(str("segment at offset ", begin, " has a wrong length"), begin);
  }

  [[noreturn]] void refuse(std::uint32_t marker, std::size_t offset) const {
    const bool frame = marker >= 0xc3 && marker <= 0xcf;
    const char* const what = marker == kArithmeticTables ? "arithmetic coding"
                             : frame ? "lossless, hierarchical or arithmetic JPEG"
                             : marker == kNumberOfLines ? "JPEG with its height behind its pixels"
                                                        : "JPEG with an unknown segment";
    bytes_.fail(str(what, " at offset ", offset,
                    ": supported are baseline and progressive; convert "
                    "it to PNG"),
                offset);
  }

  void huffman_table() {
    const std::size_t begin = at_;
    const std::uint32_t target = bytes_.byte(at_++);
    std::size_t codes = 0;
    for (int i = 0; i < 16; ++i) codes += bytes_.byte(at_++);
    if (codes > 256)
      bytes_.fail(str("DHT at offset ", begin, " defines ", codes, " codes: at most 256"), begin);
    if (target >> 4 > 1 || (target & 15) > 3)
      bytes_.fail(str("DHT at offset ", begin, " defines table ", target), begin);
    at_ += codes;
    huffman_[target >> 4][target & 15] = true;
  }

  void quantization_table() {
    const std::uint32_t target = bytes_.byte(at_);
    if (target >> 4 > 1 || (target & 15) > 3)
      bytes_.fail(str("DQT at offset ", at_, " defines table ", target), at_);
    at_ += target >> 4 == 1 ? 129 : 65;
    quantization_[target & 15] = true;
  }

  void frame(std::uint32_t marker) {
    const std::size_t begin = at_;
    if (components_ > 0) bytes_.fail("JPEG with two frames", begin);
    progressive_ = marker == kProgressive;
    const std::uint32_t precision = bytes_.byte(begin);
    components_ = bytes_.byte(begin + 5);
    if (precision != 8)
      bytes_.fail(str("JPEG with ", precision, " bits: supported are 8; convert it to PNG"), begin);
    if (components_ != 1 && components_ != 3) {
      bytes_.fail(str("JPEG with ", components_, " components", components_ == 4 ? " (CMYK)" : "",
                      " is not supported; convert it to PNG"),
                  begin + 5);
    }
    bytes_.check_size(bytes_.big16(begin + 3), bytes_.big16(begin + 1), begin + 1, options_);
    for (std::size_t c = 0; c < components_; ++c) {
      const std::size_t entry = begin + 6 + 3 * c;
      const std::uint32_t sampling = bytes_.byte(entry + 1);
      ids_[c] = bytes_.byte(entry);
      tables_[c] = bytes_.byte(entry + 2);
      for (const std::uint32_t factor : {sampling >> 4, sampling & 15})
        if (factor < 1 || factor > 4)
          bytes_.fail(str("sampling factor ", factor, ": expected 1..4"), entry + 1);
      if (tables_[c] > 3) bytes_.fail(str("quantization table ", tables_[c]), entry + 2);
    }
    at_ = begin + 6 + 3 * components_;
  }

  // The tables that a scan needs must be there. Returns behind the scan's compressed data.
  void scan() {
    const std::size_t begin = at_;
    const std::size_t count = bytes_.byte(at_++);
    if (components_ == 0 || count < 1 || count > components_)
      bytes_.fail(str("scan of ", count, " components at offset ", begin), begin);
    const std::uint32_t first = bytes_.byte(begin + 1 + 2 * count);
    const std::uint32_t approximation = bytes_.byte(begin + 3 + 2 * count);
    for (std::size_t i = 0; i < count; ++i, at_ += 2) {
      std::size_t c = 0;
      while (c < components_ && ids_[c] != bytes_.byte(at_)) ++c;
      if (c == components_) bytes_.fail("scan of an unknown component", at_);
      scanned_[c] = true;
      const std::uint32_t tables = bytes_.byte(at_ + 1);
      if (tables >> 4 > 3 || (tables & 15) > 3) bytes_.fail("scan with an unknown table", at_ + 1);
      // A progressive scan has either first coefficients or others, and corrects the first ones
      // without a table.
      const bool needs_first = !progressive_ || (first == 0 && approximation >> 4 == 0);
      const bool needs_others = !progressive_ || first > 0;
      if (!quantization_[tables_[c]] || (needs_first && !huffman_[0][tables >> 4]) ||
          (needs_others && !huffman_[1][tables & 15])) {
        bytes_.fail(str("scan at offset ", begin, " uses a table that was not defined"), begin);
      }
    }
    at_ += 3;
    if (at_ != end_) bytes_.fail(str("scan at offset ", begin, " has a wrong length"), begin);
    while (bytes_.byte(at_) != 0xff || bytes_.byte(at_ + 1) == 0 ||
           is_restart(bytes_.byte(at_ + 1)))
      ++at_;
  }

  const ImageBytes& bytes_;
  const ImageOptions& options_;
  std::size_t at_ = 0;
  std::size_t end_ = 0;  // of the segment
  std::array<std::array<bool, 4>, 2> huffman_{};
  std::array<bool, 4> quantization_{};
  std::array<std::uint32_t, 3> ids_{};
  std::array<std::uint32_t, 3> tables_{};
  std::array<bool, 3> scanned_{};
  std::size_t components_ = 0;
  bool progressive_ = false;
};

}  // namespace

void check_jpeg(const ImageBytes& bytes, const ImageOptions& options) {
  Walk(bytes, options).run();
}

}  // namespace tarn::io::detail
