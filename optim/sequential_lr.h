#pragma once

#include <cstdint>
#include <vector>

#include <tarn/optim/schedule.h>

namespace tarn::optim {

/// The numbers of SequentialLR.
struct SequentialLROptions {
  std::vector<std::int64_t> milestones;  ///< the t at which each part but the first starts, rising
};

/// One schedule after the other, each from its own t = 0 and the same base_lr:
///
///   optim::SequentialLR schedule(sgd, {optim::LinearLR({.total_iters = 5}),
///                                      optim::CosineAnnealingLR({.T_max = 95})},
///                                {.milestones = {5}});
///
/// (PyTorch's MultiplicativeLR goes on from where the part before it ended.) Throws ValueError
/// unless there is one milestone less than schedules, and they are >= 1 and rise.
class SequentialLR final : public LRScheduler {
 public:
  SequentialLR(std::vector<Schedule> schedules, const SequentialLROptions& options);
  SequentialLR(Optimizer& optimizer, std::vector<Schedule> schedules,
               const SequentialLROptions& options)
      : SequentialLR(std::move(schedules), options) {
    attach(optimizer);
  }

  LRTail tail(double base_lr) const override;

 private:
  double value(std::int64_t t, double base_lr, std::size_t group) const override;
  std::optional<double> momentum_value(std::int64_t t, std::size_t group) const override;
  std::size_t part(std::int64_t& t) const;

  std::vector<Schedule> schedules_;
  std::vector<std::int64_t> milestones_;
};

}  // namespace tarn::optim
