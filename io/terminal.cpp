#include <charconv>
#include <climits>
#include <cstdlib>
#include <string_view>

#include <sys/ioctl.h>
#include <unistd.h>

#include <tarn/io/terminal.h>

namespace tarn::io {
namespace {

std::string_view environment(const char* variable) {
  const char* value = std::getenv(variable);
  return value ? value : "";
}

}  // namespace

Terminal::Terminal(std::FILE* file) {
  const int descriptor = ::fileno(file);
  if (descriptor < 0 || ::isatty(descriptor) != 1) return;
  descriptor_ = descriptor;
  const std::string_view term = environment("TERM");
  interactive_ = !term.empty() && term != "dumb";
  color_ = interactive_ && environment("NO_COLOR").empty();
}

int Terminal::width() const {
  if (descriptor_ < 0) return INT_MAX;
  winsize window{};
  if (::ioctl(descriptor_, TIOCGWINSZ, &window) == 0 && window.ws_col > 0) return window.ws_col;
  const std::string_view text = environment("COLUMNS");
  int columns = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), columns);
  const bool valid = error == std::errc() && rest == text.data() + text.size() && columns > 0;
  return valid ? columns : 80;
}

}  // namespace tarn::io
