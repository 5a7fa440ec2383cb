#pragma once

#include <cstdint>

#include <tarn/optim/lr_scheduler.h>

namespace tarn::optim {

/// The numbers of ConstantLR.
struct ConstantLROptions {
  double factor = 1;             ///< in 0..1
  std::int64_t total_iters = 5;  ///< how long the factor holds, >= 0
};

/// The base learning rate times `factor` while t < total_iters, then the base learning rate itself:
/// with the default factor simply constant. (PyTorch's default factor is 1/3.)
/// A constant rate stalls at a distance from the minimum that grows with it: it fails the second
/// condition of Robbins and Monro 1951, that the sum of the squared rates be finite.
/// Throws ValueError for options outside the ranges given.
class ConstantLR final : public LRScheduler {
 public:
  explicit ConstantLR(const ConstantLROptions& options = {});
  explicit ConstantLR(Optimizer& optimizer, const ConstantLROptions& options = {})
      : ConstantLR(options) {
    attach(optimizer);
  }

  LRTail tail(double) const override { return LRTail::constant(options_.total_iters); }

 private:
  double value(std::int64_t t, double base_lr, std::size_t) const override;

  ConstantLROptions options_;
};

}  // namespace tarn::optim
