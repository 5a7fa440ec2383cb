#pragma once

#include <memory>
#include <string>

#include <tarn/io/metrics.h>
#include <tarn/tensor/state_dict.h>

namespace tarn::io {

namespace detail {
class LineFile;
}

/// Metrics as JSON objects, one a line (jsonlines.org); each line may have other names.
///
///   io::JsonlLogger log("runs/a/metrics.jsonl");
///   log.log({{"step", step}, {"loss", loss.item()}});      // {"step":3,"loss":0.25}
///
/// Written and resumed as CsvLogger does. JSON has no NaN and no infinities: they become the
/// strings "nan", "inf" and "-inf", which Python's float() reads.
class JsonlLogger {
 public:
  /// Throws IoError when the file cannot be opened or made.
  explicit JsonlLogger(const std::string& path);
  ~JsonlLogger();
  JsonlLogger(JsonlLogger&&) noexcept;
  JsonlLogger& operator=(JsonlLogger&&) noexcept;

  /// Throws ValueError for text that is not UTF-8 and for a name that comes twice; IoError when the
  /// system cannot write. The line is then not there.
  void log(const Metrics& metrics);

  StateDict state_dict() const;
  void load_state_dict(const StateDict& state);

 private:
  std::unique_ptr<detail::LineFile> file_;
};

}  // namespace tarn::io
