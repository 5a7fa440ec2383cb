#pragma once

#include <cstdint>

#include <tarn/optim/lr_scheduler.h>

namespace tarn::optim {

/// The numbers of LinearLR.
struct LinearLROptions {
  double start_factor = 1.0 / 3;  ///< at t = 0, in 0..1
  double end_factor = 1;          ///< from total_iters on, in 0..1
  std::int64_t total_iters = 5;   ///< >= 1
};

/// base_lr times a factor that goes from start_factor to end_factor in a straight line and stays
/// there. Throws ValueError for options outside the ranges given.
class LinearLR final : public LRScheduler {
 public:
  explicit LinearLR(const LinearLROptions& options = {});
  explicit LinearLR(Optimizer& optimizer, const LinearLROptions& options = {}) : LinearLR(options) {
    attach(optimizer);
  }

  LRTail tail(double) const override { return LRTail::constant(options_.total_iters); }

 private:
  double value(std::int64_t t, double base_lr, std::size_t) const override;

  LinearLROptions options_;
};

}  // namespace tarn::optim
