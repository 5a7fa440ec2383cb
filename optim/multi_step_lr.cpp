#include <algorithm>
#include <cmath>

#include <tarn/optim/detail/check_number.h>
#include <tarn/optim/multi_step_lr.h>

namespace tarn::optim {

MultiStepLR::MultiStepLR(const MultiStepLROptions& options)
    : LRScheduler("MultiStepLR"), options_(options) {
  for (const std::int64_t milestone : options.milestones) {
    detail::check_at_least(name(), "milestone", milestone, 0);
  }
  detail::check(name(), "gamma", options.gamma, Allowed::non_negative);
}

double MultiStepLR::value(std::int64_t t, double base_lr, std::size_t) const {
  const auto drops =
      std::ranges::count_if(options_.milestones, [t](std::int64_t m) { return m <= t; });
  return base_lr * std::pow(options_.gamma, static_cast<double>(drops));
}

LRTail MultiStepLR::tail(double) const {
  const auto last = std::ranges::max_element(options_.milestones);
  return LRTail::constant(last == options_.milestones.end() ? 0 : *last);
}

}  // namespace tarn::optim
