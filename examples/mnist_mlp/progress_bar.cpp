#include "progress_bar.h"

#include <algorithm>
#include <cmath>
#include <iostream>

namespace {

constexpr int kMinBar = 10;
constexpr int kMaxBar = 40;

std::string bar(double done, int width, bool color) {
  const int inside = width - 2;
  const int full = static_cast<int>(std::lround(done * inside));
  std::string filled(static_cast<std::size_t>(full), '=');
  if (full > 0 && full < inside) filled.back() = '>';
  const std::string rest(static_cast<std::size_t>(inside - full), ' ');
  if (color) filled = "\033[32m" + filled + "\033[0m";
  return "[" + filled + rest + "]";
}

}  // namespace

bool ProgressBar::is_due() const {
  using namespace std::chrono_literals;
  return terminal_.is_interactive() && std::chrono::steady_clock::now() - last_ >= 100ms;
}

void ProgressBar::draw(double done, const std::string& label,
                       const std::vector<std::string>& fields) {
  if (!terminal_.is_interactive()) return;
  done = std::clamp(done, 0.0, 1.0);
  // The last column stays free: writing to it makes some terminals go to the next line.
  int room = terminal_.width() - 1 - static_cast<int>(label.size());
  std::string behind = " " + std::to_string(static_cast<int>(done * 100)) + "%";
  room -= static_cast<int>(behind.size());
  for (const std::string& field : fields) {
    const int needed = static_cast<int>(field.size()) + 2;
    if (needed > room) break;
    behind += "  " + field;
    room -= needed;
  }
  std::string line = label;
  if (room > kMinBar) line += " " + bar(done, std::min(room - 1, kMaxBar), terminal_.has_color());
  std::cout << '\r' << line << behind << "\033[K" << std::flush;
  last_ = std::chrono::steady_clock::now();
  visible_ = true;
}

void ProgressBar::clear() {
  if (visible_) std::cout << "\r\033[K" << std::flush;
  visible_ = false;
}
