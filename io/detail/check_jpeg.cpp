#include <algorithm>
#include <array>
#include <vector>

#include <tarn/io/detail/image_check.h>
#include <tarn/io/detail/jpeg_scan.h>
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

// A scan of a few bytes may go through a whole image. Encoders write about ten.
constexpr int kMaxScans = 100;

// Debian 12's stb_image (2.27) writes a Huffman table of up to 4080 codes into 256 places, uses
// tables that were never defined, and goes on behind the end of a scan's data: what it is given is
// walked through here first.
class Walk {
 public:
  Walk(const ImageBytes& bytes, const ImageOptions& options) : bytes_(bytes), options_(options) {}

  void run() {
    std::uint32_t marker = next_marker();
    if (marker != kStartOfImage) bytes_.fail("no start of image", 0);
    for (marker = next_marker(); marker != kEndOfImage; marker = next_marker()) segment(marker);
    if (components_.empty()) bytes_.fail("JPEG without a frame", at_);
    for (const JpegComponent& component : components_)
      if (!component.scanned)
        bytes_.fail(str("JPEG without the pixels of component ", component.id), at_);
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
      restart_interval_ = bytes_.big16(at_);
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
    if (target >> 4 > 1 || (target & 15) > 3)
      bytes_.fail(str("DHT at offset ", begin, " defines table ", target), begin);
    JpegHuffman& table = huffman_[target >> 4][target & 15];
    table = JpegHuffman(bytes_, at_);
    at_ += table.size();
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
    if (!components_.empty()) bytes_.fail("JPEG with two frames", begin);
    progressive_ = marker == kProgressive;
    const std::uint32_t precision = bytes_.byte(begin);
    const std::uint32_t count = bytes_.byte(begin + 5);
    if (precision != 8)
      bytes_.fail(str("JPEG with ", precision, " bits: supported are 8; convert it to PNG"), begin);
    if (count != 1 && count != 3) {
      bytes_.fail(str("JPEG with ", count, " components", count == 4 ? " (CMYK)" : "",
                      " is not supported; convert it to PNG"),
                  begin + 5);
    }
    for (at_ = begin + 6; components_.size() < count; at_ += 3) component();
    const std::uint32_t width = bytes_.big16(begin + 3);
    const std::uint32_t height = bytes_.big16(begin + 1);
    bytes_.check_size(width, height, begin + 1, options_);
    lay_out(width, height);
  }

  void component() {
    JpegComponent& c = components_.emplace_back();
    c.id = bytes_.byte(at_);
    c.across = bytes_.byte(at_ + 1) >> 4;
    c.down = bytes_.byte(at_ + 1) & 15;
    c.quantization = bytes_.byte(at_ + 2);
    for (const std::size_t factor : {c.across, c.down})
      if (factor < 1 || factor > 4)
        bytes_.fail(str("sampling factor ", factor, ": expected 1..4"), at_ + 1);
    if (c.quantization > 3) bytes_.fail(str("quantization table ", c.quantization), at_ + 2);
  }

  // How many blocks there are (T.81, A.1.1 and A.2.4).
  void lay_out(std::size_t width, std::size_t height) {
    const auto ceil_div = [](std::size_t a, std::size_t b) { return (a + b - 1) / b; };
    std::size_t across = 1;
    std::size_t down = 1;
    for (const JpegComponent& c : components_) {
      across = std::max(across, c.across);
      down = std::max(down, c.down);
    }
    mcus_across_ = ceil_div(width, 8 * across);
    mcus_down_ = ceil_div(height, 8 * down);
    for (JpegComponent& c : components_) {
      c.width = ceil_div(ceil_div(width * c.across, across), 8);
      c.height = ceil_div(ceil_div(height * c.down, down), 8);
      c.stride = mcus_across_ * c.across;
      if (progressive_) c.nonzero.resize(c.stride * mcus_down_ * c.down);
    }
  }

  // Returns behind the scan's compressed data.
  void scan() {
    JpegScan scan{.offset = at_,
                  .progressive = progressive_,
                  .mcus_across = mcus_across_,
                  .mcus_down = mcus_down_,
                  .restart_interval = restart_interval_};
    const std::size_t count = bytes_.byte(at_++);
    if (count < 1 || count > components_.size())
      bytes_.fail(str("scan of ", count, " components at offset ", scan.offset), scan.offset);
    if (++scans_ > kMaxScans)
      bytes_.fail(str("JPEG with more than ", kMaxScans, " scans; convert it to PNG"), scan.offset);
    coefficients(scan, at_ + 2 * count);
    for (std::size_t i = 0; i < count; ++i, at_ += 2) part(scan);
    at_ += 3;
    if (at_ != end_) bytes_.fail(str("scan at offset ", scan.offset, " has a wrong length"), at_);
    at_ = check_jpeg_scan(bytes_, at_, scan);
  }

  // Which coefficients, and which of their bits, a scan has.
  void coefficients(JpegScan& scan, std::size_t offset) const {
    scan.spectral_start = bytes_.byte(offset);
    scan.approximation_high = bytes_.byte(offset + 2) >> 4;
    scan.approximation_low = bytes_.byte(offset + 2) & 15;
    bool good = scan.approximation_high <= 13 && scan.approximation_low <= 13;
    if (progressive_) {
      scan.spectral_end = bytes_.byte(offset + 1);
      const bool dc = scan.spectral_start == 0 && scan.spectral_end == 0;
      const bool ac = scan.spectral_start > 0 && scan.spectral_start <= scan.spectral_end &&
                      scan.spectral_end < 64 && bytes_.byte(scan.offset) == 1;
      good = good && (dc || ac);
    } else {
      good = scan.spectral_start == 0 && bytes_.byte(offset + 2) == 0;
    }
    if (!good) {
      bytes_.fail(str("scan at offset ", scan.offset, " of coefficients ", scan.spectral_start,
                      "..", bytes_.byte(offset + 1), " and bits ", scan.approximation_high, ", ",
                      scan.approximation_low, ": not in the JPEG format"),
                  offset);
    }
  }

  // A component of a scan. The tables that it needs must be there.
  void part(JpegScan& scan) {
    const auto component =
        std::find_if(components_.begin(), components_.end(),
                     [&](const JpegComponent& c) { return c.id == bytes_.byte(at_); });
    if (component == components_.end()) bytes_.fail("scan of an unknown component", at_);
    const bool dc = scan.spectral_start == 0 && scan.approximation_high == 0;
    if (dc == component->scanned) {
      bytes_.fail(str("scan at offset ", scan.offset, dc ? " repeats" : " refines",
                      " what component ", component->id, dc ? " has" : " does not have yet"),
                  at_);
    }
    component->scanned = true;
    const std::uint32_t tables = bytes_.byte(at_ + 1);
    if (tables >> 4 > 3 || (tables & 15) > 3) bytes_.fail("scan with an unknown table", at_ + 1);
    scan.parts.push_back({&*component, &huffman_[0][tables >> 4], &huffman_[1][tables & 15]});
    if (!quantization_[component->quantization] || (dc && !scan.parts.back().dc->defined()) ||
        (scan.spectral_end > 0 && !scan.parts.back().ac->defined())) {
      bytes_.fail(str("scan at offset ", scan.offset, " uses a table that was not defined"),
                  scan.offset);
    }
  }

  const ImageBytes& bytes_;
  const ImageOptions& options_;
  std::size_t at_ = 0;
  std::size_t end_ = 0;                                  // of the segment
  std::array<std::array<JpegHuffman, 4>, 2> huffman_{};  // DC, AC
  std::array<bool, 4> quantization_{};
  std::vector<JpegComponent> components_;
  std::size_t mcus_across_ = 0;
  std::size_t mcus_down_ = 0;
  std::size_t restart_interval_ = 0;
  int scans_ = 0;
  bool progressive_ = false;
};

}  // namespace

void check_jpeg(const ImageBytes& bytes, const ImageOptions& options) {
  Walk(bytes, options).run();
}

}  // namespace tarn::io::detail
