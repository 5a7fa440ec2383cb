#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <tarn/tensor/error.h>

namespace tarn::io::detail {

/// Bytes from front to back: of a file, unpacked or not, or of a member of an archive.
class ByteReader {
 public:
  ByteReader() = default;
  ByteReader(const ByteReader&) = delete;
  ByteReader& operator=(const ByteReader&) = delete;
  virtual ~ByteReader() = default;

  /// The next bytes: fewer than out.size() only at the end. Throws IoError when the system cannot
  /// read, FormatError when packed data are damaged or end early. The checksum of packed data is
  /// only seen by reading past their last byte: a reader that expects n bytes must read() one more
  /// and get 0.
  virtual std::size_t read(std::span<std::byte> out) = 0;
  /// Bytes read so far.
  virtual std::uint64_t position() const = 0;
  /// The most bytes that read() can give in all, judged by the size of the file.
  virtual std::uint64_t max_bytes() const = 0;
  /// read() gives max_bytes() in all, not fewer.
  virtual bool is_exact() const = 0;
  /// How many bytes the reader expects in all; messages mention it.
  virtual void expect(std::uint64_t) {}
  /// Throws error(text, offset). Not virtual itself: compilers forget that a virtual function never
  /// returns.
  [[noreturn]] void fail(const std::string& text, std::uint64_t offset) const {
    throw error(text, offset);
  }

 protected:
  /// "<component>: <path>: <text>" with the place `offset`.
  virtual FormatError error(const std::string& text, std::uint64_t offset) const = 0;
};

}  // namespace tarn::io::detail
