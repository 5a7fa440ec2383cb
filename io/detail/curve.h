#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tarn::io::detail {

/// Values over steps, in a bounded number of points: when there are too many, each two neighbours
/// become one.
class Curve {
 public:
  static constexpr std::size_t kMaxPoints = 1000;

  void add(double step, double value);

  /// Means of the steps and values of each point; NaN where no value of it is finite.
  std::vector<double> steps() const;
  std::vector<double> values() const;
  std::int64_t values_per_point() const { return width_; }

  std::int64_t size() const { return size_; }
  std::int64_t not_finite() const { return not_finite_; }
  double first_not_finite() const { return first_not_finite_; }  ///< its step
  double last() const { return last_; }
  double smallest() const { return smallest_; }  ///< finite value; NaN if there is none
  double largest() const { return largest_; }

 private:
  struct Point {
    double step_sum = 0;
    std::int64_t count = 0;
    double sum = 0;
    std::int64_t finite = 0;

    void add(const Point& other);
  };

  std::vector<Point> points_;
  std::int64_t width_ = 1;
  std::int64_t size_ = 0;
  std::int64_t not_finite_ = 0;
  double first_not_finite_ = 0;
  double last_ = 0;
  double smallest_ = 0;
  double largest_ = 0;
};

}  // namespace tarn::io::detail
