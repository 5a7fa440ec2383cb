#include <charconv>
#include <optional>
#include <string_view>

#include <tarn/io/detail/npy_header.h>
#include <tarn/io/detail/printable.h>
#include <tarn/tensor/str.h>

namespace tarn::io::detail {
namespace {

constexpr std::size_t kMaxNpyHeader = 65'536;

struct NpyType {
  std::string_view name;
  ElementType element;
};
constexpr NpyType kNpyTypes[] = {
    {"f2", ElementType::f16}, {"f4", ElementType::f32},    {"f8", ElementType::f64},
    {"i1", ElementType::i8},  {"i2", ElementType::i16},    {"i4", ElementType::i32},
    {"i8", ElementType::i64}, {"u1", ElementType::u8},     {"u2", ElementType::u16},
    {"u4", ElementType::u32}, {"b1", ElementType::boolean}};

// The dictionary, one token after the other: {'descr': '<f4', 'fortran_order': False, 'shape': (2,
// 3), }
class Parser {
 public:
  Parser(const ByteReader& file, std::string_view text, std::uint64_t offset, NpyHeader& header)
      : file_(file), text_(text), offset_(offset), header_(header) {}

  void run() {
    expect('{');
    while (!take('}')) {
      const std::string_view key = quoted();
      expect(':');
      if (key == "descr") {
        once(has_descr_, key);
        descr();
      } else if (key == "fortran_order") {
        once(has_order_, key);
        order();
      } else if (key == "shape") {
        once(has_shape_, key);
        shape();
      } else {
        fail(str("unknown key '", printable(key), "'"), "descr, fortran_order and shape");
      }
      if (!take(',') && !next_is('}')) fail_here("',' or '}'");
    }
    skip_blanks();
    if (position_ < text_.size()) fail_here("nothing but blanks after '}'");
    if (!has_descr_ || !has_order_ || !has_shape_)
      fail("a key is missing", "descr, fortran_order and shape");
  }

 private:
  [[noreturn]] void fail(const std::string& found, const char* expected) const {
    file_.fail(str("header: ", found, " at offset ", offset_ + position_, ": expected ", expected),
               offset_ + position_);
  }
  [[noreturn]] void fail_here(const char* expected) const {
    fail(position_ < text_.size() ? str("\"", printable(text_.substr(position_)), "\"")
                                  : std::string("end"),
         expected);
  }

  void once(bool& seen, std::string_view key) const {
    if (seen) fail(str("key '", key, "' comes twice"), "it once");
    seen = true;
  }

  void skip_blanks() {
    while (position_ < text_.size() && (text_[position_] == ' ' || text_[position_] == '\n'))
      ++position_;
  }
  bool next_is(char c) {
    skip_blanks();
    return position_ < text_.size() && text_[position_] == c;
  }
  bool take(char c) {
    if (!next_is(c)) return false;
    ++position_;
    return true;
  }
  bool take(std::string_view word) {
    skip_blanks();
    if (!text_.substr(position_).starts_with(word)) return false;
    position_ += word.size();
    return true;
  }
  void expect(char c) {
    const char expected[] = {'\'', c, '\'', 0};
    if (!take(c)) fail_here(expected);
  }

  std::string_view quoted() {
    const char quote = take('"') ? '"' : '\'';
    if (quote == '\'' && !take('\'')) fail_here("a quoted text");
    const std::size_t end = text_.find(quote, position_);
    if (end == std::string_view::npos) fail_here("a closing quote");
    const std::string_view text = text_.substr(position_, end - position_);
    position_ = end + 1;
    return text;
  }

  void descr() {
    if (next_is('[')) fail("a structured dtype", "a numeric one; save its fields one by one");
    const std::string_view text = quoted();
    if (text.find('O') != std::string_view::npos) {
      fail(str("dtype '", printable(text),
               "' (Python objects), refused since reading them can run code,"),
           "a numeric array");
    }
    for (const NpyType& type : kNpyTypes) {
      if (text.empty() || text.substr(1) != type.name) continue;
      if (text[0] != '<' && text[0] != '>' && (text[0] != '|' || stored_size(type.element) > 1))
        break;
      header_.type = type.name;
      header_.big_endian = text[0] == '>';
      header_.element = type.element;
      return;
    }
    fail(str("dtype '", printable(text), "'"),
         "one of f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 b1, with '<', '>' or '|' in front");
  }

  void order() {
    header_.fortran_order = take("True");
    if (!header_.fortran_order && !take("False")) fail_here("True or False");
  }

  void shape() {
    expect('(');
    while (!take(')')) {
      skip_blanks();
      std::int64_t size = 0;
      const char* const first = text_.data() + position_;
      const auto [rest, error] = std::from_chars(first, text_.data() + text_.size(), size);
      if (error != std::errc() || size < 0) fail_here("a size >= 0 that fits 64 bits");
      if (header_.shape.size() == kMaxDim) fail_here("at most 8 dimensions");
      position_ += static_cast<std::size_t>(rest - first);
      header_.shape.push_back(size);
      if (!take(',') && !next_is(')')) fail_here("',' or ')'");
    }
  }

 public:
  void set_payload() const {
    const std::optional<std::uint64_t> bytes = stored_bytes(header_.shape, header_.element);
    if (!bytes) file_.fail(str("shape ", header_.shape, " overflows 64 bits: damaged"), offset_);
    header_.payload_bytes = *bytes;
  }

 private:
  const ByteReader& file_;
  std::string_view text_;
  std::uint64_t offset_;
  NpyHeader& header_;
  std::size_t position_ = 0;
  bool has_descr_ = false;
  bool has_order_ = false;
  bool has_shape_ = false;
};

}  // namespace

NpyHeader read_npy_header(ByteReader& file) {
  unsigned char start[12] = {};
  const auto read = [&](void* to, std::size_t size) {
    if (file.read({static_cast<std::byte*>(to), size}) == size) return;
    file.fail(str("ends after ", file.position(), " bytes, within its header; truncated"),
              file.position());
  };
  read(start, 8);
  if (std::string_view(reinterpret_cast<const char*>(start), 6) != "\x93NUMPY")
    file.fail("does not start with \\x93NUMPY: not a .npy file", 0);
  const int version = start[6];
  if (version < 1 || version > 3 || start[7] != 0) {
    file.fail(
        str("format version ", version, ".", int{start[7]}, " at offset 6: expected 1.0 to 3.0"),
        6);
  }
  read(start + 8, version == 1 ? 2 : 4);
  std::size_t length = 0;
  for (int i = version == 1 ? 1 : 3; i >= 0; --i) length = length << 8 | start[8 + i];
  if (length > kMaxNpyHeader) {
    file.fail(str("header of ", length, " bytes at offset 8: expected at most ", kMaxNpyHeader), 8);
  }
  NpyHeader header;
  std::string text(length, ' ');
  const std::uint64_t offset = file.position();
  read(text.data(), length);
  header.bytes = file.position();
  Parser parser(file, text, offset, header);
  parser.run();
  parser.set_payload();
  return header;
}

}  // namespace tarn::io::detail
