#include <cmath>

#include <tarn/optim/detail/check_number.h>
#include <tarn/optim/exponential_lr.h>

namespace tarn::optim {

ExponentialLR::ExponentialLR(const ExponentialLROptions& options)
    : LRScheduler("ExponentialLR"), options_(options) {
  detail::check(name(), "gamma", options.gamma, Allowed::non_negative);
}

double ExponentialLR::value(std::int64_t t, double base_lr, std::size_t) const {
  return base_lr * std::pow(options_.gamma, static_cast<double>(t));
}

}  // namespace tarn::optim
