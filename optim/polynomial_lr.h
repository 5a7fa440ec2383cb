#pragma once

#include <cstdint>

#include <tarn/optim/lr_scheduler.h>

namespace tarn::optim {

/// The numbers of PolynomialLR.
struct PolynomialLROptions {
  std::int64_t total_iters = 5;  ///< steps down to 0, >= 1
  double power = 1;              ///< >= 0; 1 is a straight line
};

/// base_lr (1 - t / total_iters)^power, and 0 from total_iters on. Throws ValueError for options
/// outside the ranges given.
class PolynomialLR final : public LRScheduler {
 public:
  explicit PolynomialLR(const PolynomialLROptions& options = {});
  explicit PolynomialLR(Optimizer& optimizer, const PolynomialLROptions& options = {})
      : PolynomialLR(options) {
    attach(optimizer);
  }

  LRTail tail(double) const override { return LRTail::constant(options_.total_iters); }

 private:
  double value(std::int64_t t, double base_lr, std::size_t) const override;

  PolynomialLROptions options_;
};

}  // namespace tarn::optim
