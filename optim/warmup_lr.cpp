#include <algorithm>
#include <utility>

#include <tarn/optim/detail/check_number.h>
#include <tarn/optim/warmup_lr.h>

namespace tarn::optim {

WarmupLR::WarmupLR(Schedule schedule, const WarmupLROptions& options)
    : LRScheduler("WarmupLR"), schedule_(std::move(schedule)), options_(options) {
  detail::check_at_least(name(), "total_iters", options.total_iters, 0);
  detail::check(name(), "start_factor", options.start_factor, Allowed::zero_to_one);
}

double WarmupLR::value(std::int64_t t, double base_lr, std::size_t group) const {
  const auto& [total, start] = options_;
  if (t >= total) return schedule_->lr(t - total, base_lr, group);
  const double done = static_cast<double>(t) / static_cast<double>(total);
  return schedule_->lr(0, base_lr, group) * (start + (1 - start) * done);
}

std::optional<double> WarmupLR::momentum_value(std::int64_t t, std::size_t group) const {
  return schedule_->momentum(std::max<std::int64_t>(0, t - options_.total_iters), group);
}

}  // namespace tarn::optim
