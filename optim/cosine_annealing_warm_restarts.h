#pragma once

#include <cstdint>

#include <tarn/optim/lr_scheduler.h>

namespace tarn::optim {

/// The numbers of CosineAnnealingWarmRestarts.
struct CosineAnnealingWarmRestartsOptions {
  std::int64_t T_0;         ///< steps before the first restart, >= 1
  std::int64_t T_mult = 1;  ///< how many times longer each period is than the one before, >= 1
  double eta_min = 0;       ///< what the rate falls to, >= 0
};

/// SGDR (Loshchilov and Hutter 2017, eq. 5): half a cosine from base_lr towards eta_min, again and
/// again,
///
///   eta_min + (base_lr - eta_min) (1 + cos(pi T_cur / T_i)) / 2
///
/// where T_cur counts from the last restart and the period T_i is T_0, T_0 T_mult, T_0 T_mult^2,
/// ... Throws ValueError for options outside the ranges given.
class CosineAnnealingWarmRestarts final : public LRScheduler {
 public:
  explicit CosineAnnealingWarmRestarts(const CosineAnnealingWarmRestartsOptions& options);
  CosineAnnealingWarmRestarts(Optimizer& optimizer,
                              const CosineAnnealingWarmRestartsOptions& options)
      : CosineAnnealingWarmRestarts(options) {
    attach(optimizer);
  }

  LRTail tail(double base_lr) const override;

 private:
  double value(std::int64_t t, double base_lr, std::size_t) const override;

  CosineAnnealingWarmRestartsOptions options_;
};

}  // namespace tarn::optim
