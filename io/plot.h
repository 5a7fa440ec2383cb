#pragma once

#include <string>
#include <utility>
#include <vector>

namespace tarn::io {

/// The frame of a picture.
struct Axes {
  std::string title{};
  std::string x{};
  std::string y{};
  bool log_x = false;
  bool log_y = false;
};

/// Both of them logarithmic.
inline Axes log_log(std::string title, std::string x, std::string y) {
  return {std::move(title), std::move(x), std::move(y), true, true};
}

/// A picture of curves and points over two axes, as SVG.
///
///   io::Plot plot(io::log_log("Noise", "batch size", "variance"));
///   plot.points("measured", sizes, variances, errors);
///   plot.theory("σ²/B", sizes, law);
///   std::cout << plot.svg();
///
/// Numbers that are not finite, and on a logarithmic axis those that are not above 0, are left out;
/// a curve has a gap there.
class Plot {
 public:
  using Numbers = std::vector<double>;

  /// How a series is drawn.
  enum class Style { line, points, theory, contour };

  /// Numbers that belong together.
  struct Series {
    std::string label;
    Style style;
    int color;       ///< its number
    Numbers x, y;    ///< of one size
    Numbers errors;  ///< of the same size, or none
  };

  explicit Plot(Axes axes) : axes_(std::move(axes)) {}

  /// These throw ValueError when there are not as many of the one numbers as of the other.
  void line(const std::string& label, const Numbers& x, const Numbers& y);
  /// With `errors`, a bar of that length to both sides.
  void points(const std::string& label, const Numbers& x, const Numbers& y,
              const Numbers& errors = {});
  /// Dashes in the colour of the series before, unless that is theory too.
  void theory(const std::string& label, const Numbers& x, const Numbers& y);
  /// A thin grey line without a label: the background of a picture.
  void contour(const Numbers& x, const Numbers& y);

  const std::vector<Series>& series() const { return series_; }

  /// An svg element that is a file as well. Its text has the colour of the page that it is in.
  std::string svg() const;

 private:
  void add(Series series);

  Axes axes_;
  std::vector<Series> series_;
  int colors_ = 0;  // taken so far
};

}  // namespace tarn::io
