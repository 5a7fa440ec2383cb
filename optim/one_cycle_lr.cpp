#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include <tarn/optim/detail/check_number.h>
#include <tarn/optim/one_cycle_lr.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::optim {

OneCycleLR::OneCycleLR(const OneCycleLROptions& options)
    : LRScheduler("OneCycleLR"), options_(options) {
  if (options.total_steps == 0) {
    detail::check_at_least(name(), "epochs", options.epochs, 1);
    detail::check_at_least(name(), "steps_per_epoch", options.steps_per_epoch, 1);
    if (options.epochs > std::numeric_limits<std::int64_t>::max() / options.steps_per_epoch) {
      throw ValueError(str(name(), ": ", options.epochs, " epochs of ", options.steps_per_epoch,
                           " steps: expected a product below 2^63"));
    }
    options_.total_steps = options.epochs * options.steps_per_epoch;
  }
  detail::check_at_least(name(), "total_steps", options_.total_steps, 1);
  detail::check(name(), "max_lr", options.max_lr, Allowed::non_negative);
  detail::check(name(), "pct_start", options.pct_start, Allowed::zero_to_one);
  detail::check(name(), "base_momentum", options.base_momentum, Allowed::non_negative);
  detail::check(name(), "max_momentum", options.max_momentum, Allowed::non_negative);
  detail::check(name(), "div_factor", options.div_factor, Allowed::positive);
  detail::check(name(), "final_div_factor", options.final_div_factor, Allowed::positive);
}

// From start to peak, to middle if there are three phases, and to end.
double OneCycleLR::anneal(std::int64_t t, double start, double peak, double middle,
                          double end) const {
  const double rise = options_.pct_start * static_cast<double>(options_.total_steps);
  const auto last = static_cast<double>(options_.total_steps - 1);
  const auto now = std::min(static_cast<double>(t), last);
  struct Phase {
    double end_step;
    double from;
    double to;
  };
  const bool three = options_.three_phase;
  const std::array<Phase, 3> phases{{{rise - 1, start, peak},
                                     {three ? 2 * rise - 2 : last, peak, three ? middle : end},
                                     {last, middle, end}}};
  double begin = 0;
  std::size_t i = 0;
  for (; i < (three ? 2U : 1U) && now > phases[i].end_step; ++i) begin = phases[i].end_step;
  const auto [end_step, from, to] = phases[i];
  const double part = end_step == begin ? 1 : (now - begin) / (end_step - begin);
  if (options_.anneal_strategy == AnnealStrategy::linear) return (to - from) * part + from;
  return to + (from - to) / 2 * (std::cos(std::numbers::pi * part) + 1);
}

double OneCycleLR::value(std::int64_t t, double base_lr, std::size_t group) const {
  const double own = options_.max_lr[group];
  const double peak = is_inherited(own) ? base_lr : own;
  const double start = peak / options_.div_factor;
  return anneal(t, start, peak, start, start / options_.final_div_factor);
}

std::optional<double> OneCycleLR::momentum_value(std::int64_t t, std::size_t group) const {
  if (!options_.cycle_momentum) return {};
  const double high = options_.max_momentum[group];
  return anneal(t, high, options_.base_momentum[group], high, high);
}

}  // namespace tarn::optim
