#include "number_format.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

std::string with_commas(std::int64_t number) {
  std::string text = std::to_string(number);
  for (auto position = static_cast<std::int64_t>(text.size()) - 3; position > 0; position -= 3) {
    text.insert(static_cast<std::size_t>(position), 1, ',');
  }
  return text;
}

namespace {

std::string print(const char* format, double value) {
  char text[32];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

}  // namespace

std::string format_loss(double loss) { return print(loss < 1000 ? "%.4f" : "%.3g", loss); }

std::string format_lr(double lr) { return print(lr >= 0.001 || lr == 0 ? "%.4f" : "%.1e", lr); }

std::string format_percent(double share) { return print("%.2f%%", 100 * share); }

std::string format_seconds(double seconds) { return print("%.1f s", seconds); }
