#pragma once

#include <cstdint>

#include <tarn/optim/schedule.h>

namespace tarn::optim {

/// The numbers of GrowBatch.
struct GrowBatchOptions {
  std::int64_t batch_size;      ///< at t = 0, >= 1
  std::int64_t max_batch_size;  ///< >= batch_size; Smith et al. stay below a tenth of the data
};

/// "Don't decay the learning rate, increase the batch size" (Smith, Kindermans, Ying, Le 2018): the
/// noise of SGD goes with lr / batch size, so that any schedule of falling rates can be followed by
/// growing batches instead, with fewer updates.
///
///   optim::GrowBatch schedule(sgd, optim::StepLR({.step_size = 30, .gamma = 0.2}),
///                             {.batch_size = 128, .max_batch_size = 6400});
///   for (int epoch = 0; epoch < 90; ++epoch) {
///     loader.set_batch_size(schedule.batch_size());       // 128, 640, 3200
///     for (auto& [x, y] : loader) { ... }
///     schedule.step();
///   }
///
///   batch_size(t) = round(batch_size schedule.lr(0) / schedule.lr(t)), limited to
///                   batch_size .. max_batch_size
///   lr(t)         = schedule.lr(t) batch_size(t) / batch_size
///
/// so that lr(t) / batch_size(t) is exactly the schedule's, also where the limit is reached: from
/// there on the rate falls. Step it between epochs or between updates.
/// A schedule with a floor of its own (eta_min) is taken as for a base_lr of 1. Throws ValueError
/// for options outside the ranges given.
class GrowBatch final : public LRScheduler {
 public:
  GrowBatch(Schedule schedule, const GrowBatchOptions& options);
  GrowBatch(Optimizer& optimizer, Schedule schedule, const GrowBatchOptions& options)
      : GrowBatch(std::move(schedule), options) {
    attach(optimizer);
  }

  /// The batch size now, at last_epoch().
  std::int64_t batch_size() const { return batch_size(last_epoch()); }
  /// The batch size at t >= 0.
  std::int64_t batch_size(std::int64_t t) const;

  LRTail tail(double base_lr) const override;

 private:
  double value(std::int64_t t, double base_lr, std::size_t group) const override;
  std::optional<double> momentum_value(std::int64_t t, std::size_t group) const override {
    return schedule_->momentum(t, group);
  }

  Schedule schedule_;
  GrowBatchOptions options_;
};

}  // namespace tarn::optim
