#pragma once

#include <cstdint>

#include <tarn/optim/lr_scheduler.h>

namespace tarn::optim {

/// The number of ExponentialLR.
struct ExponentialLROptions {
  double gamma;  ///< >= 0
};

/// base_lr gamma^t. Throws ValueError unless gamma is finite and >= 0.
class ExponentialLR final : public LRScheduler {
 public:
  explicit ExponentialLR(const ExponentialLROptions& options);
  ExponentialLR(Optimizer& optimizer, const ExponentialLROptions& options)
      : ExponentialLR(options) {
    attach(optimizer);
  }

  LRTail tail(double) const override { return LRTail::repeating(0, 1, options_.gamma); }

 private:
  double value(std::int64_t t, double base_lr, std::size_t) const override;

  ExponentialLROptions options_;
};

}  // namespace tarn::optim
