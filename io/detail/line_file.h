#pragma once

#include <cstdint>
#include <string>

#include <tarn/io/detail/input_file.h>
#include <tarn/tensor/state_dict.h>

namespace tarn::io::detail {

/// A text file that grows by whole lines, each handed to the system at once: a process that is
/// killed loses none. A part of a checkpoint: its state is its length, and lines that were written
/// after the checkpoint make way for those of the run that goes on from there.
class LineFile {
 public:
  /// Opens or makes the file; a last line without an end, which a full disk leaves, will be written
  /// over. Throws IoError.
  explicit LineFile(FileName name);

  /// `text` ends with a newline. Throws IoError; the line is then not there.
  void append(const std::string& text);

  std::uint64_t size() const { return end_; }
  /// The first line, without its end.
  std::string first_line() const;

  /// "bytes", int64 []. Flushes the lines to the disk, since what refers to them will be there.
  StateDict state_dict() const;
  /// Throws ValueError when the file is shorter than it was.
  void load_state_dict(const StateDict& state);

 private:
  std::string read(std::uint64_t begin, std::uint64_t end) const;

  FileName name_;
  Descriptor descriptor_;
  std::uint64_t end_ = 0;  // what follows is not part of the log any more
};

}  // namespace tarn::io::detail
