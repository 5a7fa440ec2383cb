#pragma once

#include <string>

#include <tarn/io/detail/line_file.h>
#include <tarn/io/metrics.h>

namespace tarn::io {

/// Metrics as comma-separated values (RFC 4180), a row each, below a row with their names.
///
///   io::CsvLogger log("runs/a/metrics.csv");
///   log.log({{"step", step}, {"loss", loss.item()}, {"accuracy", accuracy}});
///
/// Each row is handed to the system at once, so that a process which is killed loses none. Rows are
/// added to a file that is there; as a part of a checkpoint, {"log", log}, the rows written after
/// the checkpoint make way for those of the resumed run. Numbers are the shortest that read back as
/// the same, whatever the locale; NaN and infinities are nan, inf and -inf.
class CsvLogger : private detail::LineFile {
 public:
  /// Throws IoError when the file cannot be opened or made.
  explicit CsvLogger(const std::string& path);

  /// Throws ValueError for other names than those in the file, or in another order, and for no
  /// metrics at all; IoError when the system cannot write. The row is then not there.
  void log(const Metrics& metrics);

  using LineFile::load_state_dict;
  using LineFile::state_dict;
};

}  // namespace tarn::io
