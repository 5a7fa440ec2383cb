#include <tarn/data/detail/csv_lines.h>
#include <tarn/io/detail/input_file.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::data::detail {
namespace {

constexpr std::size_t kMaxFile = std::size_t{1} << 31;
constexpr std::size_t kMaxFields = 65'536;
constexpr std::size_t kMaxField = 65'536;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

}  // namespace

CsvLines::CsvLines(std::string path, char delimiter)
    : path_(std::move(path)), delimiter_(delimiter) {
  io::detail::InputFile file("csv", path_);
  const std::vector<std::byte> bytes = file.read_all(kMaxFile);
  text_.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text_.starts_with(kByteOrderMark)) position_ = kByteOrderMark.size();
}

bool CsvLines::at_line_end() const {
  return position_ == text_.size() || text_[position_] == '\n' ||
         (text_[position_] == '\r' && position_ + 1 < text_.size() && text_[position_ + 1] == '\n');
}

bool CsvLines::next() {
  for (; position_ < text_.size() && at_line_end(); ++position_) line_ += text_[position_] == '\n';
  if (position_ == text_.size()) return false;
  std::size_t count = 0;
  do {
    if (count == kMaxFields) fail(fields_[0], str("more than ", kMaxFields, " fields, the limit"));
    if (count == fields_.size()) fields_.emplace_back();
    read_field(fields_[count++]);
  } while (!at_line_end() && text_[position_++] == delimiter_);
  fields_.resize(count);
  return true;
}

// From its first character to the delimiter or the end of the line behind it.
void CsvLines::read_field(CsvField& field) {
  field.text.clear();
  field.line = line_;
  field.offset = position_;
  const bool quoted = position_ < text_.size() && text_[position_] == '"';
  if (quoted) ++position_;
  for (;; ++position_) {
    if (position_ == text_.size()) {
      if (!quoted) return;
      fail(field, "a quote is opened and not closed");
    }
    const char c = text_[position_];
    if (quoted && c == '"') {
      if (position_ + 1 == text_.size() || text_[position_ + 1] != '"') break;
      ++position_;  // two quotes stand for one
    } else if (!quoted && (c == delimiter_ || at_line_end())) {
      return;
    } else if (!quoted && c == '"') {
      fail(field, "a quote within a field: expected it at the field's start");
    }
    if (c == 0) fail(field, "holds a NUL character: not a text file?");
    if (field.text.size() == kMaxField)
      fail(field, str("a field of more than ", kMaxField, " characters, the limit"));
    line_ += c == '\n';
    field.text += c;
  }
  ++position_;
  if (!at_line_end() && text_[position_] != delimiter_)
    fail(field, "characters after a closing quote: expected a delimiter");
}

void CsvLines::fail(const CsvField& field, const std::string& text) const {
  throw FormatError(str("csv: ", path_, ":", field.line, ": ", text), path_, field.offset);
}

void CsvLines::fail_empty(const char* text) const {
  throw FormatError(str("csv: ", path_, ": ", text), path_, 0);
}

std::string shown(std::string_view text) {
  std::string result;
  for (const char c : text.substr(0, 80)) result += c >= ' ' && c <= '~' ? c : '?';
  return result;
}

}  // namespace tarn::data::detail
