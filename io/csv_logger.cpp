#include <string_view>

#include <tarn/io/csv_logger.h>
#include <tarn/io/detail/printable.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::io {
namespace {

constexpr const char* kCsvLogger = "CsvLogger";

std::string field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + '"';
}

}  // namespace

CsvLogger::CsvLogger(const std::string& path) : LineFile({kCsvLogger, path}) {}

void CsvLogger::log(const Metrics& metrics) {
  if (metrics.empty()) throw ValueError(str(kCsvLogger, ": log: there are no metrics"));
  std::string names;
  std::string values;
  for (const Metric& metric : metrics) {
    // A line break would be no end of the header to whoever looks for one.
    if (metric.name.find_first_of("\r\n") != std::string::npos) {
      throw ValueError(str(kCsvLogger, ": log: \"", detail::printable(metric.name),
                           "\": expected a name without line breaks"));
    }
    const char* const separator = &metric == metrics.data() ? "" : ",";
    names += separator + field(metric.name);
    values +=
        separator + std::visit([](const auto& value) { return field(str(value)); }, metric.value);
  }
  if (size() == 0) {
    append(names + '\n' + values + '\n');
    return;
  }
  if (const std::string header = first_line(); header != names) {
    throw ValueError(str(kCsvLogger, ": log: the columns are ", detail::printable(names),
                         ", in the file ", detail::printable(header),
                         ": expected the same; give each kind of metrics a file of its own"));
  }
  append(values + '\n');
}

}  // namespace tarn::io
