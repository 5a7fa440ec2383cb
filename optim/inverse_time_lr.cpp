#include <cmath>

#include <tarn/optim/detail/check_number.h>
#include <tarn/optim/inverse_time_lr.h>

namespace tarn::optim {

InverseTimeLR::InverseTimeLR(const InverseTimeLROptions& options)
    : LRScheduler("InverseTimeLR"), options_(options) {
  detail::check(name(), "alpha", options.alpha, Allowed::non_negative);
}

double InverseTimeLR::value(std::int64_t t, double base_lr, std::size_t) const {
  return base_lr / (1 + options_.alpha * static_cast<double>(t));
}

LRTail InverseTimeLR::tail(double) const {
  const double offset = 1 / options_.alpha;
  return std::isfinite(offset) ? LRTail::power(0, 1, offset) : LRTail::constant(0);
}

}  // namespace tarn::optim
