#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <string_view>

#include <tarn/data/csv.h>
#include <tarn/data/detail/csv_lines.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/log.h>
#include <tarn/tensor/str.h>

namespace tarn::data {
namespace {

using detail::CsvField;
using detail::CsvLines;

constexpr double kMaxExact = 0x1p53;

// "column 3 "age"": columns count from 1 as lines do
std::string column_name(std::size_t column, const std::vector<std::string>& names) {
  return names.empty() ? str("column ", column + 1)
                       : str("column ", column + 1, " \"", detail::shown(names[column]), "\"");
}

double number(const CsvLines& lines, const CsvField& field, const std::string& column,
              const std::optional<double>& missing) {
  std::string_view text = field.text;
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  if (text.empty()) {
    if (missing) return *missing;
    lines.fail(field,
               str(column, " is empty: expected a number; .missing gives empty fields a value"));
  }
  const auto fail = [&](const char* what) {
    lines.fail(field, str(column, ": \"", detail::shown(text), "\" ", what));
  };
  // from_chars knows no plus sign.
  const bool plus = text.size() > 1 && text[0] == '+' && text[1] != '-';
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data() + (plus ? 1 : 0), end, value);
  if (error == std::errc::result_out_of_range) fail("is out of range for a number");
  if (error != std::errc() || rest != end) fail("is not a number");
  if (!std::isfinite(value)) fail("is not finite: expected a finite number");
  return value;
}

std::vector<std::string> read_names(CsvLines& lines) {
  std::vector<std::string> names;
  std::set<std::string_view> seen;
  const std::vector<CsvField>& fields = lines.fields();
  for (const CsvField& field : fields) {
    if (!seen.insert(field.text).second) {
      lines.fail(field, str("column ", names.size() + 1, ": the name \"", detail::shown(field.text),
                            "\" comes twice"));
    }
    names.emplace_back(field.text);
  }
  return names;
}

// A file whose first line is an example would lose it without a word.
void warn_of_numbers(const std::string& path, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    double value = 0;
    const char* const end = name.data() + name.size();
    const auto [rest, error] = std::from_chars(name.data(), end, value);
    if (error != std::errc() || rest != end) return;
  }
  std::string all;
  for (const std::string& name : names) all += str(all.empty() ? "" : ", ", name);
  warn_once("csv.header_of_numbers",
            str("csv: ", path, ":1: the first line is taken for the names of the columns, but is ",
                "all numbers: ", all, "; if it is an example, set .header = false"));
}

std::size_t label_column(const CsvLines& lines, const CSVOptions& options, std::size_t columns,
                         const std::vector<std::string>& names) {
  if (const auto* name = std::get_if<std::string>(&options.label)) {
    const auto found = std::find(names.begin(), names.end(), *name);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
    std::string all;
    for (const std::string& other : names)
      all += str(all.empty() ? "" : ", ", "\"", detail::shown(other), "\"");
    lines.fail(lines.fields()[0],
               str("no column is called \"", detail::shown(*name), "\": expected one of ", all));
  }
  const auto count = static_cast<std::int64_t>(columns);
  const std::int64_t number = std::get<std::int64_t>(options.label);
  if (number < -count || number >= count) {
    throw ValueError(str("csv: label = ", number, ": expected ", -count, "..", count - 1, " for ",
                         count, " columns"));
  }
  return static_cast<std::size_t>(number < 0 ? number + count : number);
}

void check(const CSVOptions& options) {
  if (!options.header && std::holds_alternative<std::string>(options.label)) {
    throw ValueError(str("csv: label = \"", std::get<std::string>(options.label),
                         "\" without a header: expected the number of a column"));
  }
  if (options.label_dtype != kFloat32 && options.label_dtype != kInt64) {
    throw ValueError(
        str("csv: label_dtype = ", options.label_dtype, ": expected float32 or int64"));
  }
  constexpr std::string_view kOfNumbers = "\"\r\n+-.eE0123456789";
  if (options.delimiter == 0 || kOfNumbers.find(options.delimiter) != std::string_view::npos) {
    throw ValueError(
        "csv: the delimiter may not be part of a number, a quote or the end of a line");
  }
}

}  // namespace

struct CSV::Table {
  Tensor data;
  Tensor target;
  std::vector<std::string> names;
  std::size_t label;
};

CSV::Table CSV::read(const std::string& path, const CSVOptions& options) {
  check(options);
  CsvLines lines(path, options.delimiter);
  if (!lines.next()) lines.fail_empty("is empty: expected a header or a row");
  const std::size_t columns = lines.fields().size();
  const std::vector<std::string> names =
      options.header ? read_names(lines) : std::vector<std::string>();
  if (options.header) warn_of_numbers(path, names);
  const std::size_t label = label_column(lines, options, columns, names);
  if (columns < 2) {
    lines.fail(lines.fields()[0], str("one column, divided at '", options.delimiter,
                                      "': expected data besides the label; is there another "
                                      "delimiter in the file?"));
  }
  if (options.header && !lines.next()) lines.fail_empty("has a header but no rows");

  std::vector<float> data;
  std::vector<double> target;
  do {
    const std::vector<CsvField>& fields = lines.fields();
    if (fields.size() != columns) {
      lines.fail(fields[0],
                 str(fields.size(), " fields: expected ", columns, ", as in the first line"));
    }
    for (std::size_t c = 0; c < columns; ++c) {
      const std::string column = column_name(c, names);
      const double value = number(lines, fields[c], column, options.missing);
      const bool whole = c == label && options.label_dtype == kInt64;
      if (whole && !(std::abs(value) <= kMaxExact && value == std::floor(value)))
        lines.fail(fields[c], str(column, ": ", value, " is no whole number, as a class must be"));
      if (!whole && !std::isfinite(static_cast<float>(value)) && std::isfinite(value))
        lines.fail(fields[c], str(column, ": ", value, " does not fit float32"));
      if (c == label) {
        target.push_back(value);
      } else {
        data.push_back(static_cast<float>(value));
      }
    }
  } while (lines.next());
  const auto rows = static_cast<std::int64_t>(target.size());
  return {from_vector(data, {rows, static_cast<std::int64_t>(columns) - 1}),
          from_vector(target, {rows}).to(options.label_dtype), names, label};
}

CSV::CSV(const std::string& path, const CSVOptions& options) : CSV(read(path, options)) {}

CSV::CSV(Table table)
    : TensorDataset(table.data, table.target), feature_names_(std::move(table.names)) {
  if (feature_names_.empty()) return;
  const auto label = feature_names_.begin() + static_cast<std::ptrdiff_t>(table.label);
  label_name_ = std::move(*label);
  feature_names_.erase(label);
}

}  // namespace tarn::data
