#include "plot.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

#include <tarn/tarn.h>

#include "table.h"

namespace {

// Seen as well on white as on a dark page.
constexpr const char* kColors[] = {"#3182ce", "#dd6b20", "#38a169", "#9f6cc9", "#d64f86",
                                   "#b7911f", "#2aa5a0", "#8d6e63", "#e05252"};
constexpr int kNumColors = std::size(kColors);

/// In gnuplot's single quotes.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "''" : std::string(1, c);
  return out + "'";
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

bool have_gnuplot() {
  static const bool have = std::system("gnuplot --version >/dev/null 2>&1") == 0;
  return have;
}

void run_gnuplot(const std::string& script, const std::string& svg) {
  FILE* const pipe = popen("gnuplot", "w");
  if (!pipe) throw tarn::IoError("plot: gnuplot could not be started", svg, errno);
  std::fputs(script.c_str(), pipe);
  if (pclose(pipe) != 0) throw tarn::IoError("plot: gnuplot could not draw " + svg, svg, 0);
}

std::string read_file(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  if (text.str().empty()) throw tarn::IoError("plot: " + path + " is empty", path, 0);
  return text.str();
}

}  // namespace

void Plot::add(Series series) {
  const std::size_t n = series.x.size();
  if (series.y.size() != n || (!series.errors.empty() && series.errors.size() != n)) {
    throw tarn::ValueError(tarn::str("Plot: series '", series.label, "' has ", n, " x, ",
                                     series.y.size(), " y and ", series.errors.size(), " errors"));
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

std::string Plot::csv() const {
  Table table({"series", "x", "y", "error"});
  for (const Series& s : series_) {
    const std::string label = s.style == Style::contour ? "contour" : s.label;
    for (std::size_t i = 0; i < s.x.size(); ++i) {
      table.add_row(
          {label, s.x[i], s.y[i], s.errors.empty() ? Table::Cell("") : Table::Cell(s.errors[i])});
    }
  }
  return table.csv();
}

std::string Plot::clause(const Series& s, const std::string& block) const {
  const std::string color = tarn::str(" lc rgb '", kColors[s.color % kNumColors], "'");
  const std::string title = s.label.empty() ? " notitle" : " title " + quoted(s.label);
  switch (s.style) {
    case Style::contour:
      return block + " with lines lw 0.7 lc rgb '#909090' notitle";
    case Style::line:
      return block + " with lines lw 1.8" + color + title;
    case Style::theory:
      return block + " with lines lw 1.5 dt 2" + color + title;
    case Style::points:
      break;
  }
  const std::string with = s.errors.empty() ? " with points" : " with yerrorbars";
  return block + with + " pt 7 ps 0.55 lw 1.4" + color + title;
}

int Plot::height() const {
  int labels = 0;
  std::size_t longest = 0;  // in bytes
  for (const Series& s : series_) {
    labels += !s.label.empty();
    longest = std::max(longest, s.label.size());
  }
  return 390 + 22 * (longest > 22 ? labels : (labels + 1) / 2);  // short ones in two columns
}

std::string Plot::log_format() const {
  double largest = 0;
  for (const Series& s : series_) {
    for (const double x : s.x) largest = std::max(largest, x);
  }
  return largest > 1e5 ? "10^{%L}" : "%h";
}

std::string Plot::script() const {
  std::ostringstream out;
  out.precision(10);
  out << "set terminal svg size 600," << height() << " dynamic enhanced font 'sans-serif,17'\n"
      << "set encoding utf8\n"
      << "set title " << quoted(axes_.title) << " noenhanced\n"
      << "set xlabel " << quoted(axes_.x) << " noenhanced offset 0,0.4\n"
      << "set ylabel " << quoted(axes_.y) << " noenhanced\n"
      << "set key outside bottom center horizontal noenhanced samplen 2\n"
      << "set grid lc rgb '#909090' lw 0.3\nset border lw 0.7\n";
  if (axes_.log_x) out << "set logscale x\nset format x '" << log_format() << "'\n";
  if (axes_.log_y) out << "set logscale y\nset format y '10^{%L}'\n";
  for (std::size_t i = 0; i < series_.size(); ++i) {
    const Series& s = series_[i];
    out << "$s" << i << " << END\n";
    for (std::size_t k = 0; k < s.x.size(); ++k) {
      out << s.x[k] << ' ' << s.y[k];
      if (!s.errors.empty()) out << ' ' << s.errors[k];
      out << '\n';
    }
    out << "END\n";
  }
  for (std::size_t i = 0; i < series_.size(); ++i) {
    out << (i == 0 ? "plot " : ", ") << clause(series_[i], tarn::str("$s", i));
  }
  out << '\n';
  return out.str();
}

std::string draw(const std::string& script, const std::string& svg, const std::string& id) {
  if (!have_gnuplot()) return "";
  run_gnuplot("set output " + quoted(svg) + "\n" + script, svg);
  std::string picture = read_file(svg);
  picture.erase(0, picture.find("<svg"));
  for (const char* black : {"black", "rgb(0,0,0)", "rgb(  0,   0,   0)"}) {
    replace_all(picture, black, "currentColor");
  }
  for (const char* mark : {"id='", "id=\"", "href='#"}) {
    replace_all(picture, mark, mark + id + "-");
  }
  return picture;
}
