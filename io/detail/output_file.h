#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <tarn/io/detail/file_name.h>

namespace tarn::io::detail {

/// What stands behind the name of a file that is being written, before numbers: a program that was
/// killed may have left one.
inline constexpr std::string_view kTemporarySuffix = ".writing.";

/// A file that appears whole or not at all: bytes go to a new file in the same folder, which
/// commit() flushes to the disk and renames. Without commit() it is removed, and what was at `path`
/// stays.
class OutputFile {
 public:
  /// `component` opens every message. Follows a link at `path`. Throws IoError.
  OutputFile(const char* component, const std::string& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  /// Throws IoError.
  void write(std::span<const std::byte> bytes);
  void write(const std::string& text) { write(std::as_bytes(std::span(text))); }
  /// Throws IoError.
  void commit();

 private:
  void open_temporary();
  void sync_folder() const;

  FileName name_;
  std::string temporary_;
  int descriptor_;
};

}  // namespace tarn::io::detail
