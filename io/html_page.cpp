#include <string_view>

#include <tarn/io/html_page.h>

namespace tarn::io {
namespace {

constexpr const char* kPageStyle = R"(
:root { color-scheme: light dark; --page: #fcfcfb; --text: #1c1f24; --soft: #5b6370; --line: #d8dbe0;
  --panel: #f3f4f2; --good: #1a7f4b; --bad: #c62f2f; --link: #1f63b0; }
@media (prefers-color-scheme: dark) { :root { --page: #14171b; --text: #e4e6e9; --soft: #9aa3af;
  --line: #343a42; --panel: #1d2126; --good: #4cc38a; --bad: #ff6b6b; --link: #7ab3f0; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 48rem; padding: 1rem; background: var(--page); color: var(--text);
  font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: break-word; }
h1 { line-height: 1.2; } h2 { margin: 0 0 .3rem; line-height: 1.25; }
a { color: var(--link); } .soft, figcaption { color: var(--soft); font-size: .85rem; }
section { border-top: 1px solid var(--line); padding: 1.6rem 0 .8rem; }
.scroll { overflow-x: auto; margin: 1rem 0 .1rem; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .7rem .25rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line); }
th { font-weight: 600; } td.number { white-space: nowrap; }
.good { color: var(--good); font-weight: 600; } .bad { color: var(--bad); font-weight: 700; }
figure { margin: 1.2rem 0; } svg { width: 100%; height: auto; max-width: 42rem; display: block; }
code { font-family: ui-monospace, monospace; font-size: .85rem; background: var(--panel);
  padding: .15rem .35rem; border-radius: .25rem; }
)";

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

// Bytes of the well-formed UTF-8 character that `text` begins with; 0 if there is none (Unicode
// 15.0, table 3-7).
std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first < 0xC2   ? 0
                             : first < 0xE0 ? 2
                             : first < 0xF0 ? 3
                             : first < 0xF5 ? 4
                                            : 0;
  if (length == 0 || text.size() < length) return 0;
  const unsigned low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  }
  return length;
}

std::string_view escaped(std::string_view character) {
  switch (character[0]) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\n':
    case '\t':
      return character;
    default: {
      const auto byte = static_cast<unsigned char>(character[0]);
      return byte < 0x20 || byte == 0x7F ? kReplacement : character;
    }
  }
}

}  // namespace

std::string html_escape(const std::string& text) {
  std::string out;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t length = character_length(rest);
    out += length == 0 ? kReplacement : escaped(rest.substr(0, length));
    rest.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

std::string html_page(const std::string& title, const std::string& body, const std::string& style) {
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
         html_escape(title) + "</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>" +
         kPageStyle + style + "</style>\n</head>\n<body>\n" + body + "</body>\n</html>\n";
}

}  // namespace tarn::io
