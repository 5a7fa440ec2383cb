#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <utility>

#include <tarn/optim/chained_scheduler.h>
#include <tarn/tensor/error.h>

namespace tarn::optim {

namespace {

using Kind = LRTail::Kind;

constexpr std::int64_t kLongestPeriod = 1'000'000'000;

bool is_constant(const LRTail& tail) {
  return tail.kind == Kind::repeating && tail.period == 1 && tail.ratio == 1;
}

// The tail of the product of two schedules.
std::optional<LRTail> product(const LRTail& a, const LRTail& b) {
  if (a.kind == Kind::unknown || b.kind == Kind::unknown) return {};
  const std::int64_t begin = std::max(a.begin, b.begin);
  if (is_constant(a) || is_constant(b)) {
    LRTail result = is_constant(a) ? b : a;
    if (result.kind == Kind::power) result.offset += static_cast<double>(begin - result.begin);
    result.begin = begin;
    return result;
  }
  if (a.kind != Kind::repeating || b.kind != Kind::repeating) return {};
  if (a.period > kLongestPeriod || b.period > kLongestPeriod) return {};
  const std::int64_t period = std::lcm(a.period, b.period);
  const auto over_period = [period](const LRTail& tail) {
    return std::pow(tail.ratio, static_cast<double>(period / tail.period));
  };
  return LRTail::repeating(begin, period, over_period(a) * over_period(b));
}

// A schedule that does not multiply base_lr by a factor (one with a floor, for instance) gives
// another tail than the product.
bool holds(const LRTail& tail, const LRScheduler& schedule, double base_lr) {
  for (const std::int64_t n : {0, 1, 7, 1000}) {
    const std::int64_t t = tail.begin + n;
    double expected = 0;
    double actual = 0;
    if (tail.kind == Kind::repeating) {
      expected = tail.ratio * schedule.lr(t, base_lr);
      actual = schedule.lr(t + tail.period, base_lr);
    } else if (tail.kind == Kind::power) {
      expected = schedule.lr(tail.begin, base_lr) *
                 std::pow(1 + static_cast<double>(n) / tail.offset, -tail.exponent);
      actual = schedule.lr(t, base_lr);
    }
    if (std::abs(actual - expected) > 1e-9 * expected) return false;
  }
  return true;
}

}  // namespace

ChainedScheduler::ChainedScheduler(std::vector<Schedule> schedules)
    : LRScheduler("ChainedScheduler"), schedules_(std::move(schedules)) {
  if (schedules_.empty()) throw ValueError("ChainedScheduler: expected at least one schedule");
}

double ChainedScheduler::value(std::int64_t t, double base_lr, std::size_t group) const {
  for (const Schedule& schedule : schedules_) base_lr = schedule->lr(t, base_lr, group);
  return base_lr;
}

std::optional<double> ChainedScheduler::momentum_value(std::int64_t t, std::size_t group) const {
  std::optional<double> result;
  for (const Schedule& schedule : schedules_) {
    if (const auto own = schedule->momentum(t, group)) result = own;
  }
  return result;
}

LRTail ChainedScheduler::tail(double base_lr) const {
  LRTail whole = LRTail::constant(0);
  for (const Schedule& schedule : schedules_) {
    const std::optional<LRTail> both = product(whole, schedule->tail(base_lr));
    if (!both) return {};
    whole = *both;
  }
  return holds(whole, *this, base_lr) ? whole : LRTail();
}

}  // namespace tarn::optim
