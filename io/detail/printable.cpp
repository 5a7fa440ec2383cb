#include <tarn/io/detail/printable.h>

namespace tarn::io::detail {

std::string printable(std::string_view text) {
  std::string result;
  for (const char c : text.substr(0, 80)) result += c >= ' ' && c <= '~' ? c : '?';
  return text.size() > 80 ? result + "..." : result;
}

}  // namespace tarn::io::detail
