#include <charconv>
#include <cmath>

#include <tarn/tensor/str.h>

namespace tarn {

std::string to_text(double value) {
  if (std::isnan(value)) return "nan";  // its sign means nothing
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  return error == std::errc() ? std::string(buffer, end) : "?";
}

}  // namespace tarn
