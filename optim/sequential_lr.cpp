#include <algorithm>
#include <utility>

#include <tarn/optim/detail/check_number.h>
#include <tarn/optim/sequential_lr.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::optim {

SequentialLR::SequentialLR(std::vector<Schedule> schedules, const SequentialLROptions& options)
    : LRScheduler("SequentialLR"),
      schedules_(std::move(schedules)),
      milestones_(options.milestones) {
  if (milestones_.size() + 1 != schedules_.size()) {
    throw ValueError(str(name(), ": ", schedules_.size(), " schedules and ", milestones_.size(),
                         " milestones: expected one milestone less than schedules"));
  }
  std::int64_t previous = 0;
  for (const std::int64_t milestone : milestones_) {
    detail::check_at_least(name(), "milestone", milestone, previous + 1);
    previous = milestone;
  }
}

// Which one it is the turn of; t becomes its own.
std::size_t SequentialLR::part(std::int64_t& t) const {
  const auto next = std::ranges::upper_bound(milestones_, t);
  if (next != milestones_.begin()) t -= *std::prev(next);
  return static_cast<std::size_t>(next - milestones_.begin());
}

double SequentialLR::value(std::int64_t t, double base_lr, std::size_t group) const {
  const std::size_t i = part(t);
  return schedules_[i]->lr(t, base_lr, group);
}

std::optional<double> SequentialLR::momentum_value(std::int64_t t, std::size_t group) const {
  const std::size_t i = part(t);
  return schedules_[i]->momentum(t, group);
}

LRTail SequentialLR::tail(double base_lr) const {
  return schedules_.back()->tail(base_lr).later(milestones_.empty() ? 0 : milestones_.back());
}

}  // namespace tarn::optim
