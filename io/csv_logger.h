#pragma once

#include <memory>
#include <string>
#include <vector>

#include <tarn/io/metrics.h>
#include <tarn/tensor/state_dict.h>

namespace tarn::io {

namespace detail {
class LineFile;
}

/// Metrics as comma-separated values (RFC 4180), a row each, below a row with their names.
///
///   io::CsvLogger log("runs/a/metrics.csv");
///   log.log({{"step", step}, {"loss", loss.item()}, {"accuracy", accuracy}});
///
/// Each row is handed to the system at once, so that a process which is killed loses none. Rows are
/// added to a file that is there; as a part of a checkpoint, {"log", log}, the rows written after
/// the checkpoint make way for those of the resumed run. Numbers are the shortest that read back as
/// the same, whatever the locale; NaN and infinities are nan, inf and -inf.
class CsvLogger {
 public:
  /// Throws IoError when the file cannot be opened or made.
  explicit CsvLogger(const std::string& path);
  ~CsvLogger();
  CsvLogger(CsvLogger&&) noexcept;
  CsvLogger& operator=(CsvLogger&&) noexcept;

  /// Throws ValueError for other names than those in the file, or in another order, and for no
  /// metrics at all; IoError when the system cannot write. The row is then not there.
  void log(const Metrics& metrics);

  StateDict state_dict() const;
  void load_state_dict(const StateDict& state);

 private:
  std::unique_ptr<detail::LineFile> file_;
};

}  // namespace tarn::io
