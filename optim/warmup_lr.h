#pragma once

#include <cstdint>

#include <tarn/optim/schedule.h>

namespace tarn::optim {

/// The numbers of WarmupLR.
struct WarmupLROptions {
  std::int64_t total_iters;       ///< steps of the warmup, >= 0
  double start_factor = 1.0 / 3;  ///< at t = 0, in 0..1
};

/// A straight line up to where `schedule` begins, then the schedule from its own t = 0:
///
///   optim::WarmupLR schedule(sgd, optim::InverseSqrtLR(), {.total_iters = 10});
///
/// Keeps the first large steps of a network far from its minimum from doing harm (Goyal et al.
/// 2017). Throws ValueError for options outside the ranges given.
class WarmupLR final : public LRScheduler {
 public:
  WarmupLR(Schedule schedule, const WarmupLROptions& options);
  WarmupLR(Optimizer& optimizer, Schedule schedule, const WarmupLROptions& options)
      : WarmupLR(std::move(schedule), options) {
    attach(optimizer);
  }

  LRTail tail(double base_lr) const override {
    return schedule_->tail(base_lr).later(options_.total_iters);
  }

 private:
  double value(std::int64_t t, double base_lr, std::size_t group) const override;
  std::optional<double> momentum_value(std::int64_t t, std::size_t group) const override;

  Schedule schedule_;
  WarmupLROptions options_;
};

}  // namespace tarn::optim
