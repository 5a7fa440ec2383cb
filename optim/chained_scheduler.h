#pragma once

#include <cstdint>
#include <vector>

#include <tarn/optim/schedule.h>

namespace tarn::optim {

/// Several schedules at once, each of what the ones before it make of base_lr:
///
///   lr(t, base_lr) = last.lr(t, ... second.lr(t, first.lr(t, base_lr)))
///
///   optim::ChainedScheduler schedule(sgd, {optim::LinearLR(), optim::ExponentialLR({.gamma =
///   0.9})});
///
/// For schedules that multiply base_lr by a factor this is the product of the factors, as in
/// PyTorch; where one has a floor (eta_min) or a rate of its own, and for LambdaLR, PyTorch's
/// depends on the way there. Throws ValueError when there is none.
class ChainedScheduler final : public LRScheduler {
 public:
  explicit ChainedScheduler(std::vector<Schedule> schedules);
  ChainedScheduler(Optimizer& optimizer, std::vector<Schedule> schedules)
      : ChainedScheduler(std::move(schedules)) {
    attach(optimizer);
  }

  /// Known where the parts multiply base_lr by a factor, and repeat or all but one end in a
  /// constant.
  LRTail tail(double base_lr) const override;

 private:
  double value(std::int64_t t, double base_lr, std::size_t group) const override;
  /// That of the last schedule that has one.
  std::optional<double> momentum_value(std::int64_t t, std::size_t group) const override;

  std::vector<Schedule> schedules_;
};

}  // namespace tarn::optim
