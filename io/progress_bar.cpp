#include <algorithm>
#include <climits>
#include <cmath>
#include <exception>
#include <utility>
#include <vector>

#include <tarn/io/progress_bar.h>
#include <tarn/tensor/detail/number_text.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::io {
namespace {

constexpr int kMinBar = 10;
constexpr int kMaxBar = 40;

std::string shown(const MetricValue& value) {
  if (const auto* number = std::get_if<double>(&value)) return number_text(*number, 4);
  if (const auto* yes = std::get_if<bool>(&value)) return *yes ? "true" : "false";
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  return str(std::get<std::int64_t>(value));
}

// "0:04", "12:31", "1:02:03"
std::string duration(double seconds) {
  const auto whole = static_cast<long long>(std::min(std::max(seconds, 0.0), 3.6e9));
  const auto two = [](long long number) { return str(number < 10 ? "0" : "", number); };
  if (whole < 3600) return str(whole / 60, ":", two(whole % 60));
  return str(whole / 3600, ":", two(whole / 60 % 60), ":", two(whole % 60));
}

bool continues_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

int columns_of(const std::string& text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(),
                                        [](char byte) { return !continues_character(byte); }));
}

// The first columns of UTF-8.
std::string cut(const std::string& text, int columns) {
  std::size_t end = 0;
  for (int column = 0; end < text.size(); ++end) {
    if (!continues_character(text[end]) && ++column > columns) break;
  }
  return text.substr(0, end);
}

// Control characters would move the cursor.
std::string on_one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char byte) { return byte < 0x20 || byte == 0x7F; },
      ' ');
  return text;
}

std::string drawn_bar(double done, int width, bool color) {
  const int inside = width - 2;
  const int full = static_cast<int>(std::lround(done * inside));
  std::string filled(static_cast<std::size_t>(full), '=');
  if (full > 0 && full < inside) filled.back() = '>';
  const std::string rest(static_cast<std::size_t>(inside - full), ' ');
  if (color) filled = "\033[32m" + filled + "\033[0m";
  return "[" + filled + rest + "]";
}

void check_at_least_0(const char* name, double value) {
  if (value >= 0) return;  // false for NaN
  throw ValueError(str("ProgressBar: ", name, " = ", value, ": expected >= 0"));
}

}  // namespace

ProgressBar::ProgressBar(ProgressBarOptions options)
    : options_(std::move(options)),
      terminal_(options_.file),
      n_(options_.initial),
      start_(Clock::now()),
      drawn_(start_),
      exceptions_(std::uncaught_exceptions()) {
  if (options_.total) check_at_least_0("total", static_cast<double>(*options_.total));
  check_at_least_0("initial", static_cast<double>(options_.initial));
  check_at_least_0("mininterval", options_.mininterval);
  check_at_least_0("plain_interval", options_.plain_interval);
  options_.desc = on_one_line(std::move(options_.desc));
  if (terminal_.is_interactive()) draw();
}

ProgressBar::~ProgressBar() {
  try {
    close();
  } catch (const std::exception&) {
    // Only memory can be missing, for a line that is shown.
  }
}

bool ProgressBar::is_due() const {
  if (options_.disable || closed_) return false;
  const bool redraws = terminal_.is_interactive();
  if (redraws && n_ == options_.initial) return true;  // the first one shows what is to come
  const double interval = redraws ? options_.mininterval : options_.plain_interval;
  return Clock::now() - drawn_ >= std::chrono::duration<double>(interval);
}

void ProgressBar::update(std::int64_t n) {
  const bool due = is_due();
  n_ += n;
  if (due) draw();
}

void ProgressBar::set_postfix(Metrics metrics) { postfix_ = std::move(metrics); }

void ProgressBar::set_description(std::string desc) {
  options_.desc = on_one_line(std::move(desc));
}

void ProgressBar::write(const std::string& text) {
  if (options_.disable) return;
  const bool drawn = visible_;
  clear();
  std::fputs((text + "\n").c_str(), options_.file);
  if (drawn) draw();
  std::fflush(options_.file);
}

void ProgressBar::clear() {
  if (!visible_) return;
  std::fputs("\r\033[K", options_.file);
  std::fflush(options_.file);
  visible_ = false;
}

void ProgressBar::close() {
  if (closed_) return;
  const bool leave = options_.leave || std::uncaught_exceptions() > exceptions_;
  if (leave) draw();
  closed_ = true;
  if (!leave) return clear();
  if (visible_) std::fputs("\n", options_.file);
  std::fflush(options_.file);
  visible_ = false;
}

void ProgressBar::reset(std::optional<std::int64_t> total) {
  // A line that was begun and not ended, by a break out of the loop, ends now.
  if (n_ > options_.initial) close();
  options_.total = total;
  n_ = options_.initial;
  start_ = Clock::now();
  closed_ = false;
  if (terminal_.is_interactive()) draw();
}

void ProgressBar::draw() {
  if (options_.disable || closed_) return;
  drawn_ = Clock::now();
  // The last column stays free: writing to it makes some terminals go to the next line.
  const int width = terminal_.width();
  const int room = width == INT_MAX ? width : std::max(width - 1, 0);
  if (!terminal_.is_interactive()) {
    std::fputs((text(room, false, false) + "\n").c_str(), options_.file);
  } else {
    // One write, the rest of the line erased last: nothing flickers.
    const std::string line = "\r" + text(room, true, terminal_.has_color()) + "\033[K";
    std::fputs(line.c_str(), options_.file);
    visible_ = true;
  }
  std::fflush(options_.file);
}

std::string ProgressBar::text(int width, bool with_bar, bool color) const {
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  const auto counted = static_cast<double>(n_ - options_.initial);
  const double total = options_.total ? static_cast<double>(*options_.total) : 0;
  const double left = std::max(total - static_cast<double>(n_), 0.0);
  const double done = total > 0 ? std::clamp(static_cast<double>(n_) / total, 0.0, 1.0) : 1.0;

  std::vector<std::string> fields;
  if (!options_.total || left == 0) {
    fields.push_back(duration(seconds));
  } else if (counted > 0) {
    fields.push_back("ETA " + duration(std::ceil(seconds / counted * left)));
  }
  for (const Metric& metric : postfix_) {
    fields.push_back(on_one_line(str(metric.name, " ", shown(metric.value))));
  }
  if (counted > 0 && seconds > 0) fields.push_back(number_text(counted / seconds, 4) + "/s");
  if (options_.total) fields.push_back(str(n_, "/", *options_.total));

  const std::string state = options_.total ? str(static_cast<int>(done * 100), "%") : str(n_);
  const std::string gap = options_.desc.empty() ? "" : " ";
  const std::string label =
      cut(options_.desc, std::max(width - columns_of(state) - columns_of(gap), 0));
  int room = width - columns_of(label) - columns_of(gap) - columns_of(state);
  if (room < 0) return cut(state, width);
  std::string behind = state;
  for (const std::string& field : fields) {
    const int needed = columns_of(field) + 2;
    if (needed > room) break;
    behind += "  " + field;
    room -= needed;
  }
  std::string bar;
  if (with_bar && options_.total && room > kMinBar) {
    bar = drawn_bar(done, std::min(room - 1, kMaxBar), color) + " ";
  }
  return label + gap + bar + behind;
}

}  // namespace tarn::io
