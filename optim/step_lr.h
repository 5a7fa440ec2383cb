#pragma once

#include <cstdint>

#include <tarn/optim/lr_scheduler.h>

namespace tarn::optim {

/// The numbers of StepLR.
struct StepLROptions {
  std::int64_t step_size;  ///< steps between two drops, >= 1
  double gamma = 0.1;      ///< what each drop multiplies by, >= 0; 0.5 halves
};

/// base_lr gamma^floor(t / step_size): step decay. With gamma < 1 the sum of all rates is finite,
/// and so is the way that SGD can go. Throws ValueError for options outside the ranges given.
class StepLR final : public LRScheduler {
 public:
  explicit StepLR(const StepLROptions& options);
  StepLR(Optimizer& optimizer, const StepLROptions& options) : StepLR(options) {
    attach(optimizer);
  }

  LRTail tail(double) const override {
    return LRTail::repeating(0, options_.step_size, options_.gamma);
  }

 private:
  double value(std::int64_t t, double base_lr, std::size_t) const override;

  StepLROptions options_;
};

}  // namespace tarn::optim
