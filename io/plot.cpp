#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include <tarn/io/html_page.h>
#include <tarn/io/plot.h>
#include <tarn/tensor/detail/number_text.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::io {
namespace {

// Seen as well on white as on a dark page.
constexpr const char* kColors[] = {"#3182ce", "#dd6b20", "#38a169", "#9f6cc9", "#d64f86",
                                   "#b7911f", "#2aa5a0", "#8d6e63", "#e05252"};
constexpr int kNumColors = std::size(kColors);

constexpr double kWidth = 600;
constexpr double kLeft = 74;
constexpr double kRight = 584;
constexpr double kTop = 36;
constexpr double kBottom = 316;
constexpr double kLegendTop = 386;
constexpr double kLegendRow = 22;
constexpr std::size_t kShortLabel = 26;  // in bytes: two of them have room side by side

std::string pixels(double value) { return number_text(value, 1, std::chars_format::fixed); }

struct Tick {
  double value;
  std::string label;  // SVG
};

std::string power_of_ten(int exponent) {
  return str("10<tspan dy=\"-6\" font-size=\"11\">", exponent, "</tspan>");
}

// One direction of the picture.
class Axis {
 public:
  Axis(bool log, double begin, double end) : log_(log), begin_(begin), end_(end) {}

  bool shows(double value) const { return std::isfinite(value) && (!log_ || value > 0); }

  void include(double value) {
    if (!shows(value)) return;
    low_ = std::min(low_, scaled(value));
    high_ = std::max(high_, scaled(value));
  }

  // Some room at the ends, also when there is one number or none.
  void finish() {
    if (low_ > high_) low_ = 0, high_ = 1;
    const double room =
        high_ > low_ ? 0.03 * (high_ - low_) : std::max(0.5 * std::abs(low_), log_ ? 0.5 : 1e-9);
    low_ -= room > 0 ? room : 0.5;
    high_ += room > 0 ? room : 0.5;
  }

  double place(double value) const {
    return begin_ + (scaled(value) - low_) / (high_ - low_) * (end_ - begin_);
  }

  std::vector<Tick> ticks() const { return log_ ? log_ticks() : linear_ticks(); }

 private:
  double scaled(double value) const { return log_ ? std::log10(value) : value; }

  std::vector<Tick> linear_ticks() const {
    const double rough = (high_ - low_) / 5;
    const double power = std::pow(10, std::floor(std::log10(rough)));
    const double factor = rough / power;
    const double step = power * (factor < 1.5 ? 1 : factor < 3.5 ? 2 : factor < 7.5 ? 5 : 10);
    std::vector<Tick> ticks;
    for (double i = std::ceil(low_ / step); i * step <= high_ && ticks.size() < 20; ++i) {
      // 0 + i * step: no "-0".
      ticks.push_back({i * step, number_text(0 + i * step, 6)});
    }
    return ticks;
  }

  std::vector<Tick> log_ticks() const {
    const double decades = high_ - low_;
    const int first = static_cast<int>(std::floor(low_));
    const int last = static_cast<int>(std::ceil(high_));
    const int every = std::max(1, static_cast<int>(std::ceil(decades / 8)));
    std::vector<Tick> ticks;
    for (int exponent = first; exponent <= last; exponent += every) {
      for (const int mantissa : {1, 2, 5}) {
        if (mantissa > 1 && decades > 2) break;
        const double value = mantissa * std::pow(10, exponent);
        if (scaled(value) < low_ || scaled(value) > high_) continue;
        const bool plain = decades <= 2 || (first >= -3 && last <= 5);
        ticks.push_back({value, plain ? number_text(value, 6) : power_of_ten(exponent)});
      }
    }
    return ticks;
  }

  bool log_;
  double begin_;
  double end_;
  double low_ = std::numeric_limits<double>::infinity();
  double high_ = -std::numeric_limits<double>::infinity();
};

// Frame and series between the axes.
class Drawing {
 public:
  Drawing(const Axes& axes, const std::vector<Plot::Series>& all)
      : x_(axes.log_x, kLeft, kRight), y_(axes.log_y, kBottom, kTop) {
    for (const Plot::Series& s : all) {
      for (std::size_t i = 0; i < s.x.size(); ++i) {
        if (!is_shown(s, i)) continue;
        x_.include(s.x[i]);
        y_.include(s.y[i]);
        if (s.errors.empty()) continue;
        y_.include(s.y[i] - s.errors[i]);
        y_.include(s.y[i] + s.errors[i]);
      }
    }
    x_.finish();
    y_.finish();
  }

  std::string frame() const {
    std::string lines;
    std::string labels;
    for (const Tick& tick : x_.ticks()) {
      const std::string at = pixels(x_.place(tick.value));
      lines += str("M", at, " ", kTop, "V", kBottom);
      labels += str("<text x=\"", at, "\" y=\"", kBottom + 20, "\" text-anchor=\"middle\">",
                    tick.label, "</text>\n");
    }
    for (const Tick& tick : y_.ticks()) {
      const double at = y_.place(tick.value);
      lines += str("M", kLeft, " ", pixels(at), "H", kRight);
      labels += str("<text x=\"", kLeft - 8, "\" y=\"", pixels(at + 5), "\" text-anchor=\"end\">",
                    tick.label, "</text>\n");
    }
    return str("<path d=\"", lines, "\" fill=\"none\" stroke=\"#909090\" stroke-width=\"0.3\"/>\n",
               "<rect x=\"", kLeft, "\" y=\"", kTop, "\" width=\"", kRight - kLeft, "\" height=\"",
               kBottom - kTop, "\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"0.7\"/>\n",
               labels);
  }

  std::string draw(const Plot::Series& s) const {
    const char* color = kColors[s.color % kNumColors];
    if (s.style == Plot::Style::points) return marks(s, color);
    const std::string stroke = s.style == Plot::Style::contour ? "#909090\" stroke-width=\"0.7"
                               : s.style == Plot::Style::line
                                   ? str(color, "\" stroke-width=\"1.8")
                                   : str(color, "\" stroke-width=\"1.5\" stroke-dasharray=\"7 4");
    return str("<path d=\"", path(s), "\" fill=\"none\" stroke=\"", stroke,
               "\" stroke-linejoin=\"round\" stroke-linecap=\"round\"/>\n");
  }

 private:
  bool is_shown(const Plot::Series& s, std::size_t i) const {
    return x_.shows(s.x[i]) && y_.shows(s.y[i]);
  }

  std::string place(double x, double y) const {
    return pixels(x_.place(x)) + " " + pixels(y_.place(y));
  }

  std::string path(const Plot::Series& s) const {
    std::string out;
    bool connected = false;
    for (std::size_t i = 0; i < s.x.size(); ++i) {
      const bool shown = is_shown(s, i);
      if (shown) out += (connected ? "L" : "M") + place(s.x[i], s.y[i]);
      // A number between two gaps is a dot: the round end of a line of no length.
      const bool ends = i + 1 == s.x.size() || !is_shown(s, i + 1);
      if (shown && !connected && ends) out += "h0";
      connected = shown;
    }
    return out;
  }

  std::string marks(const Plot::Series& s, const char* color) const {
    std::string bars;
    std::string dots;
    for (std::size_t i = 0; i < s.x.size(); ++i) {
      if (!is_shown(s, i)) continue;
      dots += str("<circle cx=\"", pixels(x_.place(s.x[i])), "\" cy=\"", pixels(y_.place(s.y[i])),
                  "\" r=\"3.2\"/>");
      if (s.errors.empty() || !std::isfinite(s.errors[i])) continue;
      const double low = s.y[i] - s.errors[i];
      bars += str("M", place(s.x[i], s.y[i] + s.errors[i]), "V",
                  pixels(y_.shows(low) ? y_.place(low) : kBottom));
    }
    return str("<g fill=\"", color, "\"><path d=\"", bars, "\" fill=\"none\" stroke=\"", color,
               "\" stroke-width=\"1.4\"/>", dots, "</g>\n");
  }

  Axis x_;
  Axis y_;
};

std::string sample(const Plot::Series& s, double x, double y) {
  const char* color = kColors[s.color % kNumColors];
  if (s.style == Plot::Style::points) {
    return str("<circle cx=\"", x + 12, "\" cy=\"", y - 5, "\" r=\"3.2\" fill=\"", color, "\"/>");
  }
  return str("<path d=\"M", x, " ", y - 5, "h24\" stroke=\"", color, "\" stroke-width=\"2\"",
             s.style == Plot::Style::theory ? " stroke-dasharray=\"7 4\"" : "", "/>");
}

struct Legend {
  std::string svg{};
  double height = 0;
};

Legend legend(const std::vector<Plot::Series>& all) {
  std::size_t longest = 0;
  for (const Plot::Series& s : all) longest = std::max(longest, s.label.size());
  const int columns = longest > kShortLabel ? 1 : 2;
  Legend result;
  int entry = 0;
  for (const Plot::Series& s : all) {
    if (s.label.empty()) continue;
    const double x = kLeft + (kRight - kLeft) / 2 * (entry % columns);
    const double y = kLegendTop + kLegendRow * (entry / columns);
    result.svg += str(sample(s, x, y), "<text x=\"", x + 32, "\" y=\"", y, "\">",
                      html_escape(s.label), "</text>\n");
    ++entry;
  }
  result.height = kLegendRow * ((entry + columns - 1) / columns);
  return result;
}

}  // namespace

void Plot::add(Series series) {
  const std::size_t n = series.x.size();
  if (series.y.size() != n || (!series.errors.empty() && series.errors.size() != n)) {
    throw ValueError(str("Plot: series '", series.label, "' has ", n, " x, ", series.y.size(),
                         " y and ", series.errors.size(), " errors: expected as many"));
  }
  series_.push_back(std::move(series));
}

void Plot::line(const std::string& label, const Numbers& x, const Numbers& y) {
  add({label, Style::line, colors_++, x, y, {}});
}

void Plot::points(const std::string& label, const Numbers& x, const Numbers& y,
                  const Numbers& errors) {
  add({label, Style::points, colors_++, x, y, errors});
}

void Plot::theory(const std::string& label, const Numbers& x, const Numbers& y) {
  const bool beside = !series_.empty() && series_.back().style != Style::theory && colors_ > 0;
  add({label, Style::theory, beside ? colors_ - 1 : colors_++, x, y, {}});
}

void Plot::contour(const Numbers& x, const Numbers& y) { add({"", Style::contour, 0, x, y, {}}); }

std::string Plot::svg() const {
  const Drawing drawing(axes_, series_);
  const Legend names = legend(series_);
  const double middle = (kLeft + kRight) / 2;
  const double height = kLegendTop - 16 + names.height;
  std::string out =
      str("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ", kWidth, " ", height,
          "\" role=\"img\" aria-label=\"", html_escape(axes_.title),
          "\" font-family=\"system-ui, sans-serif\" font-size=\"15\" fill=\"currentColor\">\n",
          drawing.frame());
  for (const Series& s : series_) out += drawing.draw(s);
  out += str("<text x=\"", middle, "\" y=\"22\" text-anchor=\"middle\" font-size=\"17\">",
             html_escape(axes_.title), "</text>\n<text x=\"", middle, "\" y=\"", kBottom + 42,
             "\" text-anchor=\"middle\">", html_escape(axes_.x), "</text>\n<text transform=\"",
             "translate(16 ", (kTop + kBottom) / 2, ") rotate(-90)\" text-anchor=\"middle\">",
             html_escape(axes_.y), "</text>\n");
  return out + names.svg + "</svg>";
}

}  // namespace tarn::io
