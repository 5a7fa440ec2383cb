#pragma once

#include <cstdint>

#include <tarn/optim/lr_scheduler.h>

namespace tarn::optim {

/// The number of InverseTimeLR.
struct InverseTimeLROptions {
  double alpha = 0.01;  ///< >= 0; after 1/alpha steps the rate has halved
};

/// base_lr / (1 + alpha t): meets both conditions of Robbins and Monro 1951 (the sum of the rates
/// diverges, that of their squares is finite), so that SGD can reach a minimum from any start and
/// the noise dies out. Throws ValueError unless alpha is finite and >= 0.
class InverseTimeLR final : public LRScheduler {
 public:
  explicit InverseTimeLR(const InverseTimeLROptions& options = {});
  explicit InverseTimeLR(Optimizer& optimizer, const InverseTimeLROptions& options = {})
      : InverseTimeLR(options) {
    attach(optimizer);
  }

  LRTail tail(double) const override;

 private:
  double value(std::int64_t t, double base_lr, std::size_t) const override;

  InverseTimeLROptions options_;
};

}  // namespace tarn::optim
