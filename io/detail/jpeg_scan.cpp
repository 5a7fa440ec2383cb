#include <algorithm>
#include <array>
#include <cstdlib>

#include <tarn/io/detail/jpeg_scan.h>
#include <tarn/tensor/str.h>

namespace tarn::io::detail {
namespace {

class JpegScanReader {
 public:
  JpegScanReader(const ImageBytes& bytes, std::size_t offset, const JpegScan& scan)
      : bytes_(bytes), scan_(scan), at_(offset) {}

  std::size_t run() {
    const bool alone = scan_.parts.size() == 1;  // then an MCU is a block (T.81, A.2.2)
    const JpegComponent& component = *scan_.parts[0].component;
    const std::size_t across = alone ? component.width : scan_.mcus_across;
    const std::size_t down = alone ? component.height : scan_.mcus_down;
    for (mcu_ = 0; mcu_ < across * down; ++mcu_) {
      if (scan_.restart_interval > 0 && mcu_ > 0 && mcu_ % scan_.restart_interval == 0) restart();
      const std::size_t row = mcu_ / across;
      const std::size_t column = mcu_ % across;
      if (alone) {
        block(0, row * component.stride + column);
      } else {
        for (std::size_t p = 0; p < scan_.parts.size(); ++p) blocks(p, row, column);
      }
    }
    if (eob_run_ > 0) fail("it ends a block that there is none of");
    take(count_ % 8);
    for (fill(); count_ > 0; fill())  // cameras may fill up their data with zeros
      if (take(8) != 0) fail("its data go on behind the last MCU");
    return at_;
  }

 private:
  [[noreturn]] void fail(const std::string& text) const {
    bytes_.fail(str("scan at offset ", scan_.offset, ", MCU ", mcu_, ", near offset ", at_, ": ",
                    text, "; damaged"),
                at_);
  }

  // Reads ahead, at most to the next marker. A data byte 0xff has a 0 behind it.
  void fill() {
    while (count_ <= 24) {
      const std::uint32_t byte = bytes_.byte(at_);
      if (byte == 0xff && bytes_.byte(at_ + 1) != 0) return;
      at_ += byte == 0xff ? 2 : 1;
      buffer_ |= byte << (24 - count_);
      count_ += 8;
    }
  }

  std::uint32_t take(std::uint32_t count) {
    if (count_ < count) fill();
    if (count_ < count) fail("its data end too early");
    const auto bits = static_cast<std::uint32_t>(std::uint64_t{buffer_} >> (32 - count));
    buffer_ <<= count;
    count_ -= count;
    return bits;
  }

  std::uint32_t symbol(const JpegHuffman& table) {
    if (count_ < 16) fill();
    const JpegHuffman::Match match = table.match(buffer_ >> 16);
    if (match.length == 0) fail("a code that the Huffman table does not have");
    take(match.length);
    return match.symbol;
  }

  // A number of `size` bits, 1..15; the first bit is 0 if it is negative (T.81, F.2.2.1).
  int number(std::uint32_t size) {
    const auto bits = static_cast<int>(take(size));
    return bits >> (size - 1) == 0 ? bits + 1 - (1 << size) : bits;
  }

  void check_range(int coefficient) const {
    if (std::abs(coefficient) > 32767 >> scan_.approximation_low)
      fail(str("coefficient ", coefficient, " does not fit into 16 bits"));
  }

  void restart() {
    fill();
    if (eob_run_ > 0 || count_ >= 8) fail("its data do not end where a restart marker should be");
    while (bytes_.byte(at_ + 1) == 0xff) ++at_;
    const std::size_t marker = 0xd0 + (mcu_ / scan_.restart_interval - 1) % 8;
    if (bytes_.byte(at_ + 1) != marker) fail("its data end without the restart marker due");
    at_ += 2;
    buffer_ = 0;
    count_ = 0;
    dc_ = {};
  }

  void blocks(std::size_t p, std::size_t row, std::size_t column) {
    const JpegComponent& c = *scan_.parts[p].component;
    for (std::size_t y = row * c.down; y < (row + 1) * c.down; ++y)
      for (std::size_t x = column * c.across; x < (column + 1) * c.across; ++x)
        block(p, y * c.stride + x);
  }

  void block(std::size_t p, std::size_t index) {
    const JpegScan::Part& part = scan_.parts[p];
    if (scan_.spectral_start == 0) dc(p);
    if (scan_.spectral_end == 0) return;
    std::uint64_t none = 0;
    std::uint64_t& nonzero = scan_.progressive ? part.component->nonzero[index] : none;
    if (scan_.approximation_high == 0) {
      ac(*part.ac, nonzero);
    } else {
      refine_ac(*part.ac, nonzero);
    }
  }

  void dc(std::size_t p) {
    if (scan_.approximation_high > 0) {
      take(1);
      return;
    }
    const std::uint32_t size = symbol(*scan_.parts[p].dc);
    if (size > 15) fail(str("a DC coefficient of ", size, " bits"));
    if (size > 0) dc_[p] += number(size);
    check_range(dc_[p]);
  }

  // The end of this block and of `eob_run_` more.
  void end_of_block(std::uint32_t size) {
    if (size > 0 && !scan_.progressive) fail("a code that only progressive scans have");
    eob_run_ = (1U << size) - 1 + take(size);
  }

  void ac(const JpegHuffman& table, std::uint64_t& nonzero) {
    if (eob_run_ > 0) {
      --eob_run_;
      return;
    }
    const std::uint32_t end = scan_.spectral_end;
    for (std::uint32_t k = std::max(scan_.spectral_start, 1U); k <= end; ++k) {
      const std::uint32_t code = symbol(table);
      const std::uint32_t zeros = code >> 4;
      const std::uint32_t size = code & 15;
      if (size == 0 && zeros < 15) return end_of_block(zeros);
      k += zeros;
      if (k > end) fail(str("coefficient ", k, " behind ", end, ", the last one"));
      if (size == 0) continue;
      check_range(number(size));
      nonzero |= std::uint64_t{1} << k;
    }
  }

  // Each coefficient that is not 0 has a bit of correction in front of the next code.
  void refine_ac(const JpegHuffman& table, std::uint64_t& nonzero) {
    const std::uint32_t end = scan_.spectral_end;
    const std::uint64_t before = nonzero;
    const auto correct = [&](std::uint32_t k) {
      const bool known = (before >> k & 1) != 0;
      if (known) take(1);
      return known;
    };
    std::uint32_t k = scan_.spectral_start;
    bool ended = eob_run_ > 0;
    if (ended) --eob_run_;
    for (; !ended && k <= end; ++k) {
      const std::uint32_t code = symbol(table);
      const std::uint32_t size = code & 15;
      std::uint32_t zeros = code >> 4;
      if (size > 1) fail(str("a correction of ", size, " bits"));
      if (size == 0 && zeros < 15) {
        end_of_block(zeros);
        break;
      }
      take(size);
      for (; k <= end; ++k)
        if (!correct(k) && zeros-- == 0) break;
      if (k > end) fail(str("a coefficient behind ", end, ", the last one"));
      if (size > 0) nonzero |= std::uint64_t{1} << k;
    }
    for (; k <= end; ++k) correct(k);
  }

  const ImageBytes& bytes_;
  const JpegScan& scan_;
  std::size_t at_;
  std::size_t mcu_ = 0;
  std::uint32_t buffer_ = 0;  // the next bits, from the top
  std::uint32_t count_ = 0;
  std::uint32_t eob_run_ = 0;
  std::array<int, 3> dc_{};
};

}  // namespace

std::size_t check_jpeg_scan(const ImageBytes& bytes, std::size_t offset, const JpegScan& scan) {
  return JpegScanReader(bytes, offset, scan).run();
}

}  // namespace tarn::io::detail
