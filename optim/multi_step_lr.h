#pragma once

#include <cstdint>
#include <vector>

#include <tarn/optim/lr_scheduler.h>

namespace tarn::optim {

/// The numbers of MultiStepLR.
struct MultiStepLROptions {
  std::vector<std::int64_t> milestones;  ///< the t at which the rate drops, >= 0, in any order
  double gamma = 0.1;                    ///< what each drop multiplies by, >= 0
};

/// base_lr gamma^(number of milestones <= t); one that is listed twice counts twice. Throws
/// ValueError for options outside the ranges given.
class MultiStepLR final : public LRScheduler {
 public:
  explicit MultiStepLR(const MultiStepLROptions& options);
  MultiStepLR(Optimizer& optimizer, const MultiStepLROptions& options) : MultiStepLR(options) {
    attach(optimizer);
  }

  LRTail tail(double) const override;

 private:
  double value(std::int64_t t, double base_lr, std::size_t) const override;

  MultiStepLROptions options_;
};

}  // namespace tarn::optim
