#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/ops/reductions.h>
#include <tarn/optim/detail/check_number.h>
#include <tarn/optim/lr_range_test.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/random.h>
#include <tarn/tensor/str.h>

namespace tarn::optim {

namespace {

constexpr const char* kRangeTest = "lr_range_test";

void check_options(const Objective& objective, const LRRangeTestOptions& o) {
  detail::check(kRangeTest, "start_lr", o.start_lr, Allowed::positive);
  detail::check(kRangeTest, "end_lr", o.end_lr, Allowed::positive);
  if (o.end_lr <= o.start_lr) {
    throw ValueError(
        str(kRangeTest, ": end_lr = ", o.end_lr, ": expected more than start_lr = ", o.start_lr));
  }
  detail::check_at_least(kRangeTest, "steps", o.steps, 2);
  detail::check_at_least(kRangeTest, "batch_size", o.batch_size, 1);
  if (o.batch_size > objective.size()) {
    throw ValueError(str(kRangeTest, ": batch_size = ", o.batch_size, ": expected 1..",
                         objective.size(), ", the number of examples"));
  }
  detail::check(kRangeTest, "smoothing", o.smoothing, Allowed::below_one);
  if (!(o.divergence > 1)) {
    throw ValueError(str(kRangeTest, ": divergence = ", o.divergence, ": expected a value > 1"));
  }
}

// Whole batches, in a new order when the examples are used up.
class Batches {
 public:
  Batches(std::int64_t size, std::int64_t batch_size, std::uint64_t seed)
      : size_(size), batch_size_(static_cast<std::size_t>(batch_size)), generator_(seed) {}

  std::span<const std::int64_t> next() {
    if (order_.size() - position_ < batch_size_) {
      order_ = randperm(size_, generator_).to_vector<std::int64_t>();
      position_ = 0;
    }
    position_ += batch_size_;
    return std::span(order_).subspan(position_ - batch_size_, batch_size_);
  }

 private:
  std::int64_t size_;
  std::size_t batch_size_;
  Generator generator_;
  std::vector<std::int64_t> order_;
  std::size_t position_ = 0;
};

void clear_gradients(const Objective& objective, Optimizer& optimizer) {
  optimizer.zero_grad();
  for (const Tensor& p : objective.params()) p.set_grad({});
}

LRRangeTest run(const Objective& objective, Optimizer& optimizer, const LRRangeTestOptions& o) {
  LRRangeTest result{};
  result.suggested_lr = std::numeric_limits<double>::quiet_NaN();
  const GradModeGuard recording(true);
  Batches batches(objective.size(), o.batch_size, o.seed);
  double average = 0;
  double weight = 0;
  double best = std::numeric_limits<double>::infinity();
  for (std::int64_t t = 0; t < o.steps && !result.diverged; ++t) {
    const double part = static_cast<double>(t) / static_cast<double>(o.steps - 1);
    const double lr = o.start_lr * std::pow(o.end_lr / o.start_lr, part);
    optimizer.set_lr(lr);
    clear_gradients(objective, optimizer);
    const Tensor loss = mean(objective.losses(batches.next()));
    const auto value = loss.item();
    if (!std::isfinite(value)) {
      if (t > 0) break;
      throw ValueError(
          str(kRangeTest, ": the loss is ", value, " at the start: expected a finite one"));
    }
    average = o.smoothing * average + (1 - o.smoothing) * value;
    weight = o.smoothing * weight + (1 - o.smoothing);
    const double smoothed = average / weight;
    best = std::min(best, smoothed);
    result.lrs.push_back(lr);
    result.losses.push_back(value);
    result.smoothed.push_back(smoothed);
    result.diverged = best > 0 && smoothed > o.divergence * best;
    loss.backward();
    optimizer.step();
  }
  result.diverged = result.diverged || static_cast<std::int64_t>(result.lrs.size()) < o.steps;
  return result;
}

double a_tenth_of_the_best(const LRRangeTest& range) {
  const auto best = std::ranges::min_element(range.smoothed);
  if (best == range.smoothed.begin()) return std::numeric_limits<double>::quiet_NaN();
  return range.lrs[static_cast<std::size_t>(best - range.smoothed.begin())] / 10;
}

}  // namespace

LRRangeTest lr_range_test(const Objective& objective, Optimizer& optimizer,
                          const LRRangeTestOptions& options) {
  check_options(objective, options);
  const Objective::Restore restore(objective);
  const StateDict before = optimizer.state_dict().clone();
  const auto put_back = [&] {
    optimizer.load_state_dict(before);
    clear_gradients(objective, optimizer);
  };
  try {
    LRRangeTest result = run(objective, optimizer, options);
    put_back();
    result.suggested_lr = a_tenth_of_the_best(result);
    return result;
  } catch (...) {
    put_back();
    throw;
  }
}

}  // namespace tarn::optim
