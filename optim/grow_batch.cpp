#include <algorithm>
#include <cmath>
#include <utility>

#include <tarn/optim/detail/check_number.h>
#include <tarn/optim/grow_batch.h>

namespace tarn::optim {

namespace {

constexpr std::int64_t kMostUpdates = 100'000'000;

}  // namespace

GrowBatch::GrowBatch(Schedule schedule, const GrowBatchOptions& options)
    : LRScheduler("GrowBatch"), schedule_(std::move(schedule)), options_(options) {
  detail::check_at_least(name(), "batch_size", options.batch_size, 1);
  detail::check_at_least(name(), "max_batch_size", options.max_batch_size, options.batch_size);
}

std::int64_t GrowBatch::batch_size(std::int64_t t) const {
  const auto first = static_cast<double>(options_.batch_size);
  const auto most = static_cast<double>(options_.max_batch_size);
  const double start = schedule_->lr(0, 1);
  const double now = schedule_->lr(t, 1);
  if (start == 0) return options_.batch_size;
  if (now == 0) return options_.max_batch_size;
  return static_cast<std::int64_t>(std::clamp(std::round(first * (start / now)), first, most));
}

// Once the limit holds for good, the rates are the schedule's times a constant.
LRTail GrowBatch::tail(double base_lr) const {
  LRTail tail = schedule_->tail(base_lr);
  const auto limited = [&](std::int64_t t) { return batch_size(t) == options_.max_batch_size; };
  if (tail.kind == LRTail::Kind::repeating && tail.ratio < 1) {
    for (std::int64_t t = tail.begin; t < tail.begin + tail.period; ++t) {
      if (t > kMostUpdates) return {};
      if (!limited(t)) tail.begin = t + 1;
    }
    return tail;
  }
  if (tail.kind == LRTail::Kind::power && tail.exponent > 0) {
    std::int64_t last = tail.begin;
    while (!limited(last) && last < kMostUpdates) last = 2 * last + 1;
    if (!limited(last)) return {};
    tail.offset += static_cast<double>(last - tail.begin);
    tail.begin = last;
    return tail;
  }
  return tail.kind == LRTail::Kind::repeating && tail.ratio == 1 ? tail : LRTail();
}

double GrowBatch::value(std::int64_t t, double base_lr, std::size_t group) const {
  const double growth =
      static_cast<double>(batch_size(t)) / static_cast<double>(options_.batch_size);
  return schedule_->lr(t, base_lr, group) * growth;
}

}  // namespace tarn::optim
