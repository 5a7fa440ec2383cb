#pragma once

#include <cstddef>
#include <span>

#include <tarn/io/detail/safetensors_header.h>

namespace tarn::io::detail {

/// The bytes of a regular file in memory, which come from the disk when they are looked at. Writing
/// to them changes private copies of their pages, never the file.
class MappedFile {
 public:
  /// Throws IoError when the file cannot be opened or is no regular one, FormatError when it is
  /// empty.
  explicit MappedFile(const FileName& name);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<std::byte> bytes() const { return bytes_; }

 private:
  std::span<std::byte> bytes_;
};

}  // namespace tarn::io::detail
