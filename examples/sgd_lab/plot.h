#pragma once

#include <string>
#include <utility>
#include <vector>

/// The frame of a picture.
struct Axes {
  std::string title;
  std::string x;
  std::string y;
  bool log_x = false;
  bool log_y = false;
};

/// Both of them logarithmic.
inline Axes log_log(std::string title, std::string x, std::string y) {
  return {std::move(title), std::move(x), std::move(y), true, true};
}

/// A picture of curves and points over two axes, drawn by gnuplot.
///
///   Plot plot(log_log("Noise", "batch size", "variance"));
///   plot.points("measured", sizes, variances, errors);
///   plot.theory("σ²/B", sizes, law);
class Plot {
 public:
  using Numbers = std::vector<double>;

  explicit Plot(Axes axes) : axes_(std::move(axes)) {}

  void line(const std::string& label, const Numbers& x, const Numbers& y);
  /// With `errors`, a bar of that length to both sides.
  void points(const std::string& label, const Numbers& x, const Numbers& y,
              const Numbers& errors = {});
  /// Dashes in the colour of the series before, unless that is theory too.
  void theory(const std::string& label, const Numbers& x, const Numbers& y);
  /// A thin grey line without a label: the background of a picture.
  void contour(const Numbers& x, const Numbers& y);

  /// Columns series, x, y, error.
  std::string csv() const;
  /// What gnuplot is to do to draw the picture.
  std::string script() const;

 private:
  enum class Style { line, points, theory, contour };
  struct Series {
    std::string label;
    Style style;
    int color;
    Numbers x, y, errors;
  };
  void add(Series series);
  std::string clause(const Series& series, const std::string& block) const;
  int height() const;              // in pixels, with room for the legend
  std::string log_format() const;  // of the numbers on x: powers of ten where they get long

  Axes axes_;
  std::vector<Series> series_;
  int colors_ = 0;  // taken so far
};

/// Draws a plot's script into the file `svg` and returns the picture as an element for the page, in
/// whose colours its text appears; `id` is put before the names inside so that pictures do not
/// share any. Empty when there is no gnuplot. Throws tarn::IoError when it fails.
std::string draw(const std::string& script, const std::string& svg, const std::string& id);
