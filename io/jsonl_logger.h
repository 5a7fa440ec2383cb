#pragma once

#include <string>

#include <tarn/io/detail/line_file.h>
#include <tarn/io/metrics.h>

namespace tarn::io {

/// Metrics as JSON objects, one a line (jsonlines.org); each line may have other names.
///
///   io::JsonlLogger log("runs/a/metrics.jsonl");
///   log.log({{"step", step}, {"loss", loss.item()}});      // {"step":3,"loss":0.25}
///
/// Written and resumed as CsvLogger does. JSON has no NaN and no infinities: they become the
/// strings "nan", "inf" and "-inf", which Python's float() reads.
class JsonlLogger : private detail::LineFile {
 public:
  /// Throws IoError when the file cannot be opened or made.
  explicit JsonlLogger(const std::string& path);

  /// Throws ValueError for text that is not UTF-8 and for a name that comes twice; IoError when the
  /// system cannot write. The line is then not there.
  void log(const Metrics& metrics);

  using LineFile::load_state_dict;
  using LineFile::state_dict;
};

}  // namespace tarn::io
