#pragma once

#include <cstdint>

#include <tarn/optim/lr_scheduler.h>

namespace tarn::optim {

/// The numbers of CosineAnnealingLR.
struct CosineAnnealingLROptions {
  std::int64_t T_max;  ///< steps from base_lr down to eta_min, >= 1
  double eta_min = 0;  ///< the last learning rate, >= 0
};

/// Half a cosine (Loshchilov and Hutter 2017, eq. 5):
///
///   eta_min + (base_lr - eta_min) (1 + cos(pi t / T_max)) / 2
///
/// From T_max on it stays at eta_min. (PyTorch's comes up again.) Throws ValueError for options
/// outside the ranges given.
class CosineAnnealingLR final : public LRScheduler {
 public:
  explicit CosineAnnealingLR(const CosineAnnealingLROptions& options);
  CosineAnnealingLR(Optimizer& optimizer, const CosineAnnealingLROptions& options)
      : CosineAnnealingLR(options) {
    attach(optimizer);
  }

  LRTail tail(double) const override { return LRTail::constant(options_.T_max); }

 private:
  double value(std::int64_t t, double base_lr, std::size_t) const override;

  CosineAnnealingLROptions options_;
};

}  // namespace tarn::optim
