#include <algorithm>
#include <cmath>

#include <tarn/optim/detail/check_number.h>
#include <tarn/optim/polynomial_lr.h>

namespace tarn::optim {

PolynomialLR::PolynomialLR(const PolynomialLROptions& options)
    : LRScheduler("PolynomialLR"), options_(options) {
  detail::check_at_least(name(), "total_iters", options.total_iters, 1);
  detail::check(name(), "power", options.power, Allowed::non_negative);
}

double PolynomialLR::value(std::int64_t t, double base_lr, std::size_t) const {
  const auto total = static_cast<double>(options_.total_iters);
  const double left = 1 - static_cast<double>(std::min(options_.total_iters, t)) / total;
  return base_lr * std::pow(left, options_.power);
}

}  // namespace tarn::optim
