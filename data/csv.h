#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <tarn/data/tensor_dataset.h>

namespace tarn::data {

/// How CSV reads a file.
struct CSVOptions {
  /// The column that is the target, by its name in the header or its number from 0; negative
  /// numbers count from the last one.
  std::variant<std::int64_t, std::string> label = std::int64_t{-1};
  bool header = true;    ///< the first line names the columns; a warning when it is all numbers
  char delimiter = ',';  ///< between fields
  DType label_dtype = kFloat32;     ///< kInt64 for classes: then every label must be a whole number
  std::optional<double> missing{};  ///< value of empty fields; by default they are an error
};

/// A table of numbers, comma-separated (RFC 4180: fields may stand in double quotes).
///
///   data::CSV houses("houses.csv", {.label = "price"});
///   data::CSV iris("iris.csv", {.label = -1, .label_dtype = kInt64});
///
/// Row i of the file is example i: data float32 [columns - 1], in the file's order, and target [].
/// Blanks around numbers, a byte order mark, both kinds of line ends and gzip are fine.
class CSV : public TensorDataset {
 public:
  /// Throws IoError when the file cannot be read; FormatError naming line, column and field for a
  /// field that is no number, is not finite or does not fit its dtype, for a line with another
  /// number of fields, duplicate names, an unknown label or no rows; ValueError for options that
  /// make no sense. At most 2^31 bytes, and 65,536 columns.
  explicit CSV(const std::string& path, const CSVOptions& options = {});

  /// Names of the columns of data, in order; empty without a header.
  const std::vector<std::string>& feature_names() const { return feature_names_; }
  /// Name of the target's column; empty without a header.
  const std::string& label_name() const { return label_name_; }

 private:
  struct Table;
  explicit CSV(Table table);
  static Table read(const std::string& path, const CSVOptions& options);

  std::vector<std::string> feature_names_;
  std::string label_name_;
};

}  // namespace tarn::data
