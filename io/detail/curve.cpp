#include <cmath>
#include <limits>

#include <tarn/io/detail/curve.h>

namespace tarn::io::detail {

void Curve::Point::add(const Point& other) {
  step_sum += other.step_sum;
  count += other.count;
  sum += other.sum;
  finite += other.finite;
}

void Curve::add(double step, double value) {
  const bool finite = std::isfinite(value);
  if (size_ == 0) smallest_ = largest_ = std::numeric_limits<double>::quiet_NaN();
  if (finite) {
    smallest_ = std::fmin(smallest_, value);
    largest_ = std::fmax(largest_, value);
  } else if (not_finite_++ == 0) {
    first_not_finite_ = step;
  }
  last_ = value;
  ++size_;
  if (points_.empty() || points_.back().count == width_) {
    if (points_.size() == kMaxPoints) {
      for (std::size_t i = 0; i < kMaxPoints / 2; ++i) {
        points_[i] = points_[2 * i];
        points_[i].add(points_[2 * i + 1]);
      }
      points_.resize(kMaxPoints / 2);
      width_ *= 2;
    }
    points_.emplace_back();
  }
  points_.back().add({step, 1, finite ? value : 0, finite ? 1 : 0});
}

std::vector<double> Curve::steps() const {
  std::vector<double> result;
  result.reserve(points_.size());
  for (const Point& p : points_) result.push_back(p.step_sum / static_cast<double>(p.count));
  return result;
}

std::vector<double> Curve::values() const {
  std::vector<double> result;
  result.reserve(points_.size());
  // 0 / 0 is NaN.
  for (const Point& p : points_) result.push_back(p.sum / static_cast<double>(p.finite));
  return result;
}

}  // namespace tarn::io::detail
