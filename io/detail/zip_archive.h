#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <tarn/io/detail/byte_reader.h>
#include <tarn/io/detail/input_file.h>
#include <tarn/io/detail/safetensors_header.h>

struct z_stream_s;

namespace tarn::io::detail {

/// What the directory of a zip archive says of a member.
struct ZipEntry {
  std::string name{};
  bool is_packed = false;  ///< by deflate; else stored as it is
  std::uint32_t checksum = 0;
  std::uint64_t packed_bytes = 0;
  std::uint64_t bytes = 0;
  std::uint64_t header = 0;  ///< where the member begins
};

/// A zip archive (PKWARE, APPNOTE 6.3), with 64-bit sizes or without, of members that are stored or
/// packed by deflate.
class ZipArchive {
 public:
  /// Reads the directory. Throws IoError, FormatError.
  explicit ZipArchive(FileName name);

  const FileName& name() const { return name_; }
  const std::vector<ZipEntry>& entries() const { return entries_; }
  /// Where the bytes of a member begin. Throws FormatError when its own header says otherwise.
  std::uint64_t data_begin(const ZipEntry& entry) const;
  /// Bytes of the file from `offset`. Throws FormatError when there are fewer.
  void read_at(std::uint64_t offset, std::span<std::byte> out) const;

 private:
  struct End {
    std::uint64_t count;
    std::uint64_t begin;
    std::uint64_t bytes;
  };
  std::string text_at(std::uint64_t offset, std::uint64_t size) const;
  End find_end() const;
  End find_end64(std::uint64_t end) const;
  void read_directory(const End& end);
  void check(const ZipEntry& entry, unsigned flags, unsigned method) const;

  FileName name_;
  Descriptor descriptor_;
  std::uint64_t size_ = 0;
  std::uint64_t directory_ = 0;
  std::vector<ZipEntry> entries_;
};

/// The bytes of a member, unpacked on the way and checked against its checksum at the end.
class ZipMember : public ByteReader {
 public:
  ZipMember(const ZipArchive& archive, const ZipEntry& entry);
  ~ZipMember() override;

  std::size_t read(std::span<std::byte> out) override;
  std::uint64_t position() const override { return position_; }
  std::uint64_t max_bytes() const override { return entry_.bytes; }
  bool is_exact() const override { return true; }

 private:
  FormatError error(const std::string& text, std::uint64_t offset) const override;
  std::size_t unpack(std::span<std::byte> out);

  const ZipArchive& archive_;
  const ZipEntry& entry_;
  std::uint64_t next_ = 0;  // in the file
  std::uint64_t left_ = 0;  // bytes in the file from there
  std::uint64_t position_ = 0;
  std::uint32_t checksum_ = 0;
  std::unique_ptr<z_stream_s> stream_;
  std::vector<std::byte> packed_;
};

}  // namespace tarn::io::detail
