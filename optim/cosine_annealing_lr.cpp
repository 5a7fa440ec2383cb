#include <cmath>
#include <numbers>

#include <tarn/optim/cosine_annealing_lr.h>
#include <tarn/optim/detail/check_number.h>

namespace tarn::optim {

CosineAnnealingLR::CosineAnnealingLR(const CosineAnnealingLROptions& options)
    : LRScheduler("CosineAnnealingLR"), options_(options) {
  detail::check_at_least(name(), "T_max", options.T_max, 1);
  detail::check(name(), "eta_min", options.eta_min, Allowed::non_negative);
}

double CosineAnnealingLR::value(std::int64_t t, double base_lr, std::size_t) const {
  if (t >= options_.T_max) return options_.eta_min;
  const double progress = static_cast<double>(t) / static_cast<double>(options_.T_max);
  const double weight = (1 + std::cos(std::numbers::pi * progress)) / 2;
  return options_.eta_min + (base_lr - options_.eta_min) * weight;
}

}  // namespace tarn::optim
