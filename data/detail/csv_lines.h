#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tarn::data::detail {

/// One field of a line, without its quotes.
struct CsvField {
  std::string text;
  std::int64_t line;     ///< where it begins, from 1
  std::uint64_t offset;  ///< in the file, as unpacked
};

/// The lines of a CSV file one after the other (RFC 4180). Lines without any character are skipped.
class CsvLines {
 public:
  /// Reads the file. Throws IoError, FormatError.
  CsvLines(std::string path, char delimiter);

  /// Goes to the next line; false at the end. Throws FormatError for a quote that is not closed or
  /// stands within a field, a NUL, and more than 65,536 fields.
  bool next();
  const std::vector<CsvField>& fields() const { return fields_; }

  /// Throws FormatError "csv: <path>:<line>: <text>".
  [[noreturn]] void fail(const CsvField& field, const std::string& text) const;
  /// Throws FormatError "csv: <path>: <text>".
  [[noreturn]] void fail_empty(const char* text) const;

 private:
  void read_field(CsvField& field);
  bool at_line_end() const;

  std::string path_;
  std::string text_;
  char delimiter_;
  std::size_t position_ = 0;
  std::int64_t line_ = 1;
  std::vector<CsvField> fields_;
};

/// Text of a file for a message: printable, and at most 80 characters.
std::string shown(std::string_view text);

}  // namespace tarn::data::detail
