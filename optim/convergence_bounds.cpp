#include <cmath>

#include <tarn/optim/convergence_bounds.h>
#include <tarn/optim/detail/check_number.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::optim {

double convex_bound(double distance, double gradient_bound, const LRSums& sums) {
  detail::check("convex_bound", "distance", distance, Allowed::non_negative);
  detail::check("convex_bound", "gradient_bound", gradient_bound, Allowed::non_negative);
  detail::check("convex_bound", "travel", sums.travel, Allowed::positive);
  detail::check("convex_bound", "sum_of_squares", sums.sum_of_squares, Allowed::positive);
  return (distance * distance + gradient_bound * gradient_bound * sums.sum_of_squares) /
         (2 * sums.travel);
}

double projected_convex_bound(double distance, double gradient_bound, std::int64_t steps) {
  detail::check("projected_convex_bound", "distance", distance, Allowed::non_negative);
  detail::check("projected_convex_bound", "gradient_bound", gradient_bound, Allowed::non_negative);
  detail::check_at_least("projected_convex_bound", "steps", steps, 1);
  return 1.5 * distance * gradient_bound / std::sqrt(static_cast<double>(steps));
}

double nonconvex_bound(double gap, double lr, double smoothness, double variance,
                       std::int64_t steps) {
  detail::check("nonconvex_bound", "gap", gap, Allowed::non_negative);
  detail::check("nonconvex_bound", "lr", lr, Allowed::positive);
  detail::check("nonconvex_bound", "smoothness", smoothness, Allowed::positive);
  detail::check("nonconvex_bound", "variance", variance, Allowed::non_negative);
  detail::check_at_least("nonconvex_bound", "steps", steps, 1);
  if (lr * smoothness > 1) {
    throw ValueError(
        str("nonconvex_bound: lr = ", lr, ": expected at most 1 / smoothness = ", 1 / smoothness));
  }
  return 2 * gap / (lr * static_cast<double>(steps)) + lr * smoothness * variance;
}

}  // namespace tarn::optim
