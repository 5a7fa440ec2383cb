#include <cmath>

#include <tarn/optim/detail/check_number.h>
#include <tarn/optim/step_lr.h>

namespace tarn::optim {

StepLR::StepLR(const StepLROptions& options) : LRScheduler("StepLR"), options_(options) {
  detail::check_at_least(name(), "step_size", options.step_size, 1);
  detail::check(name(), "gamma", options.gamma, Allowed::non_negative);
}

double StepLR::value(std::int64_t t, double base_lr, std::size_t) const {
  const std::int64_t drops = t / options_.step_size;
  return base_lr * std::pow(options_.gamma, static_cast<double>(drops));
}

}  // namespace tarn::optim
