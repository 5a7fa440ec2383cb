#include "statistics.h"

#include <cmath>
#include <cstddef>

tarn::optim::Estimate estimate(const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  double mean = 0;
  for (const double v : values) mean += v / n;
  double squares = 0;
  for (const double v : values) squares += (v - mean) * (v - mean);
  return {mean, std::sqrt(squares / (n - 1) / n)};
}

double distance(const tarn::optim::Estimate& a, const tarn::optim::Estimate& b) {
  return (a.value - b.value) / std::hypot(a.standard_error, b.standard_error);
}

double largest_rms_distance(std::size_t count) {
  const double spread = 2 / (9 * static_cast<double>(count));
  return std::pow(1 - spread + 2.782 * std::sqrt(spread), 1.5);  // 2.782: one-sided, 0.0027
}

double loglog_slope(const std::vector<double>& x, const std::vector<double>& y) {
  const auto n = static_cast<double>(x.size());
  double mean_x = 0;
  double mean_y = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    mean_x += std::log(x[i]) / n;
    mean_y += std::log(y[i]) / n;
  }
  double xy = 0;
  double xx = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double dx = std::log(x[i]) - mean_x;
    xy += dx * (std::log(y[i]) - mean_y);
    xx += dx * dx;
  }
  return xy / xx;
}
