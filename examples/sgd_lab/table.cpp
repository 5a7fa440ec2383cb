#include "table.h"

#include <cmath>
#include <cstdio>

#include <tarn/tarn.h>

namespace {

std::string format(const char* pattern, double number) {
  char text[64];
  std::snprintf(text, sizeof(text), pattern, number);
  return text;
}

/// A field of a CSV file (RFC 4180).
std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

}  // namespace

std::string shown(double number) {
  const bool whole = std::abs(number) < 1e7 && number == std::floor(number);
  return format(whole ? "%.0f" : "%.4g", number);
}

std::string Table::Cell::shown() const {
  return is_number() ? ::shown(std::get<double>(value_)) : std::get<std::string>(value_);
}

std::string Table::Cell::exact() const {
  return is_number() ? format("%.17g", std::get<double>(value_)) : std::get<std::string>(value_);
}

void Table::add_row(std::vector<Cell> cells) {
  if (cells.size() != columns_.size()) {
    throw tarn::ValueError(
        tarn::str("Table: a row of ", cells.size(), " cells for ", columns_.size(), " columns"));
  }
  rows_.push_back(std::move(cells));
}

std::string Table::html() const {
  const bool is_long = rows_.size() > 14;
  std::string out =
      is_long ? tarn::str("<details><summary>table of ", rows_.size(), " rows</summary>") : "";
  out += "<div class=\"scroll\"><table>\n<thead><tr>";
  for (const std::string& column : columns_)
    out += "<th>" + tarn::io::html_escape(column) + "</th>";
  out += "</tr></thead>\n<tbody>\n";
  for (const auto& row : rows_) {
    out += "<tr>";
    for (const Cell& cell : row) {
      out += (cell.is_number() ? "<td class=\"number\">" : "<td>") +
             tarn::io::html_escape(cell.shown()) + "</td>";
    }
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>" + (is_long ? "</details>\n" : "\n");
}

std::string Table::csv() const {
  std::string out;
  const auto line = [&](std::size_t size, auto&& field) {
    for (std::size_t i = 0; i < size; ++i) out += (i > 0 ? "," : "") + csv_field(field(i));
    out += '\n';
  };
  line(columns_.size(), [&](std::size_t i) { return columns_[i]; });
  for (const auto& row : rows_) line(row.size(), [&](std::size_t i) { return row[i].exact(); });
  return out;
}
