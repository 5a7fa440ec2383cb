#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include <tarn/optim/lr_scheduler.h>

namespace tarn::optim {

/// What the schedules that have such a number get from make_schedule().
struct ScheduleOptions {
  double alpha = 0.01;          ///< "inverse"
  std::int64_t step_size = 10;  ///< "step"
  double gamma = 0.5;           ///< "step"
  std::int64_t T_max = 10;      ///< "cosine"
  double eta_min = 0;           ///< "cosine"
};

/// The schedule of that name, for command lines: "constant", "sqrt" (InverseSqrtLR), "inverse"
/// (InverseTimeLR), "step" or "cosine". Attach it to an optimizer, or ask it for lr(t, base_lr).
/// Throws ValueError listing the names for any other, and as the schedule's constructor.
std::unique_ptr<LRScheduler> make_schedule(std::string_view name,
                                           const ScheduleOptions& options = {});

}  // namespace tarn::optim
