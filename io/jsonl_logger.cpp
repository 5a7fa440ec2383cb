#include <cmath>
#include <set>

#include <nlohmann/json.hpp>

#include <tarn/io/detail/printable.h>
#include <tarn/io/jsonl_logger.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::io {
namespace {

constexpr const char* kJsonlLogger = "JsonlLogger";

std::string quoted(const std::string& text) {
  try {
    return nlohmann::json(text).dump();
  } catch (const nlohmann::json::exception&) {
    throw ValueError(
        str(kJsonlLogger, ": log: \"", detail::printable(text), "\" is not UTF-8: JSON must be"));
  }
}

std::string json(const std::string& value) { return quoted(value); }
std::string json(std::int64_t value) { return str(value); }
std::string json(bool value) { return str(value); }
std::string json(double value) { return std::isfinite(value) ? str(value) : quoted(str(value)); }

}  // namespace

JsonlLogger::JsonlLogger(const std::string& path) : LineFile({kJsonlLogger, path}) {}

void JsonlLogger::log(const Metrics& metrics) {
  std::set<std::string> names;
  std::string line;
  for (const Metric& metric : metrics) {
    if (!names.insert(metric.name).second) {
      throw ValueError(str(kJsonlLogger, ": log: \"", detail::printable(metric.name),
                           "\" comes twice: expected it once"));
    }
    line += str(line.empty() ? "" : ",", quoted(metric.name), ":",
                std::visit([](const auto& value) { return json(value); }, metric.value));
  }
  append("{" + line + "}\n");
}

}  // namespace tarn::io
