#include <utility>

#include <tarn/optim/chained_scheduler.h>
#include <tarn/tensor/error.h>

namespace tarn::optim {

ChainedScheduler::ChainedScheduler(std::vector<Schedule> schedules)
    : LRScheduler("ChainedScheduler"), schedules_(std::move(schedules)) {
  if (schedules_.empty()) throw ValueError("ChainedScheduler: expected at least one schedule");
}

double ChainedScheduler::group_value(std::int64_t t, double base_lr, std::size_t group) const {
  for (const Schedule& schedule : schedules_) base_lr = schedule->lr(t, base_lr, group);
  return base_lr;
}

std::optional<double> ChainedScheduler::momentum(std::int64_t t) const {
  std::optional<double> result;
  for (const Schedule& schedule : schedules_) {
    if (const auto own = schedule->momentum(t)) result = own;
  }
  return result;
}

}  // namespace tarn::optim
