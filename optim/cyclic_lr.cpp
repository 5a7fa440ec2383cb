#include <cmath>

#include <tarn/optim/cyclic_lr.h>
#include <tarn/optim/detail/check_number.h>

namespace tarn::optim {

CyclicLR::CyclicLR(const CyclicLROptions& options) : LRScheduler("CyclicLR"), options_(options) {
  detail::check(name(), "max_lr", options.max_lr, Allowed::non_negative);
  detail::check(name(), "base_lr", options.base_lr, Allowed::non_negative);
  detail::check_at_least(name(), "step_size_up", options.step_size_up, 1);
  detail::check_at_least(name(), "step_size_down", options.step_size_down, 0);
  detail::check(name(), "gamma", options.gamma, Allowed::non_negative);
  detail::check(name(), "base_momentum", options.base_momentum, Allowed::non_negative);
  detail::check(name(), "max_momentum", options.max_momentum, Allowed::non_negative);
  if (options.step_size_down == 0) options_.step_size_down = options.step_size_up;
}

// Where the cycle is between the floor (0) and an unscaled peak (1).
double CyclicLR::height(std::int64_t t) const {
  const auto up = static_cast<double>(options_.step_size_up);
  const double total = up + static_cast<double>(options_.step_size_down);
  const auto now = static_cast<double>(t);
  const double cycle = std::floor(1 + now / total);
  const double x = 1 + now / total - cycle;
  const double ratio = up / total;
  const double height = x <= ratio ? x / ratio : (x - 1) / (ratio - 1);
  if (options_.scale_fn) {
    return height * options_.scale_fn(options_.scale_mode == CyclicScaleMode::cycle ? cycle : now);
  }
  switch (options_.mode) {
    case CyclicMode::triangular2:
      return height * std::exp2(1 - cycle);
    case CyclicMode::exp_range:
      return height * std::pow(options_.gamma, now);
    default:
      return height;
  }
}

double CyclicLR::value(std::int64_t t, double base_lr, std::size_t group) const {
  const double own = options_.base_lr[group];
  const double floor = is_inherited(own) ? base_lr : own;
  return floor + (options_.max_lr[group] - floor) * height(t);
}

std::optional<double> CyclicLR::momentum_value(std::int64_t t, std::size_t group) const {
  if (!options_.cycle_momentum) return {};
  const double high = options_.max_momentum[group];
  return high - (high - options_.base_momentum[group]) * height(t);
}

LRTail CyclicLR::tail(double base_lr) const {
  if (options_.scale_fn) return {};
  const std::int64_t period = options_.step_size_up + options_.step_size_down;
  if (options_.mode == CyclicMode::triangular) return LRTail::repeating(0, period);
  for (const double own : options_.base_lr.values()) {
    if ((is_inherited(own) ? base_lr : own) > 0) return LRTail::lasting();
  }
  const bool halving = options_.mode == CyclicMode::triangular2;
  return LRTail::repeating(0, period,
                           halving ? 0.5 : std::pow(options_.gamma, static_cast<double>(period)));
}

}  // namespace tarn::optim
