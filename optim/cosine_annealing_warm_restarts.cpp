#include <cmath>
#include <numbers>

#include <tarn/optim/cosine_annealing_warm_restarts.h>
#include <tarn/optim/detail/check_number.h>

namespace tarn::optim {

CosineAnnealingWarmRestarts::CosineAnnealingWarmRestarts(
    const CosineAnnealingWarmRestartsOptions& options)
    : LRScheduler("CosineAnnealingWarmRestarts"), options_(options) {
  detail::check_at_least(name(), "T_0", options.T_0, 1);
  detail::check_at_least(name(), "T_mult", options.T_mult, 1);
  detail::check(name(), "eta_min", options.eta_min, Allowed::non_negative);
}

double CosineAnnealingWarmRestarts::value(std::int64_t t, double base_lr, std::size_t) const {
  auto period = static_cast<double>(options_.T_0);
  auto current = static_cast<double>(options_.T_mult == 1 ? t % options_.T_0 : t);
  while (current >= period) {
    current -= period;
    period *= static_cast<double>(options_.T_mult);
  }
  const double eta_min = options_.eta_min;
  return eta_min + (base_lr - eta_min) * (1 + std::cos(std::numbers::pi * current / period)) / 2;
}

LRTail CosineAnnealingWarmRestarts::tail(double base_lr) const {
  if (options_.T_mult == 1) return LRTail::repeating(0, options_.T_0);
  return base_lr == 0 && options_.eta_min == 0 ? LRTail::constant(0) : LRTail::lasting();
}

}  // namespace tarn::optim
