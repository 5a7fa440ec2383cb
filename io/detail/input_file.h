#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <tarn/io/detail/byte_reader.h>
#include <tarn/io/detail/file_name.h>

struct z_stream_s;

namespace tarn::io::detail {

/// Packed bytes that are read at a time.
inline constexpr std::size_t kPackedBytes = std::size_t{1} << 16;
/// Deflate's best: 258 bytes from a match of one bit for its length and one for its distance.
inline constexpr std::uint64_t kMaxRatio = 258 * 8 / 2;

/// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  operator int() const { return number_; }  // NOLINT(google-explicit-constructor)

 private:
  int number_;
};

/// Whether a file that starts as gzip does is one. Where any first bytes are legal it need not be.
enum class Packing { by_content, none };

/// The bytes of a regular file from front to back, unpacked on the way if the file starts as gzip
/// does (RFC 1952; several members are one after the other, as gzip has it). Memory use does not
/// depend on the file.
class InputFile : public ByteReader {
 public:
  /// `component` opens every message. Throws IoError when the file cannot be opened, is a directory
  /// or no regular file; FormatError when it is empty.
  InputFile(const char* component, const std::string& path, Packing packing = Packing::by_content);
  ~InputFile() override;

  bool is_gzip() const { return stream_ != nullptr; }
  /// The file's size, or what as many bytes of gzip unpack to at best.
  std::uint64_t max_bytes() const override;
  bool is_exact() const override { return !is_gzip(); }
  std::uint64_t position() const override { return position_; }
  void expect(std::uint64_t bytes) override { expected_ = bytes; }
  std::size_t read(std::span<std::byte> out) override;

  /// All bytes from here to the end. Throws FormatError when they are more than `limit`.
  std::vector<std::byte> read_all(std::size_t limit);

 private:
  FormatError error(const std::string& text, std::uint64_t offset) const override {
    return name_.error(text, offset);
  }
  void check_regular();
  void detect_gzip();
  std::size_t read_raw(std::span<std::byte> out);
  std::size_t read_gzip(std::span<std::byte> out);
  void refill();
  void next_member();
  [[noreturn]] void fail_unpacking(int code) const;
  std::optional<std::uint32_t> word_before(std::uint64_t offset) const;

  FileName name_;
  Descriptor descriptor_;
  std::uint64_t file_size_ = 0;
  std::uint64_t file_position_ = 0;  // of the next byte to come from the system
  std::uint64_t position_ = 0;
  std::optional<std::uint64_t> expected_;
  std::unique_ptr<z_stream_s> stream_;  // only for gzip
  std::vector<std::byte> packed_;
  bool ended_ = false;
};

}  // namespace tarn::io::detail
