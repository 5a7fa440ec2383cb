#include <algorithm>
#include <cmath>
#include <limits>

#include <tarn/optim/detail/check_number.h>
#include <tarn/optim/detail/state_reader.h>
#include <tarn/optim/reduce_lr_on_plateau.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::optim {

namespace {

constexpr const char* kPlateau = "ReduceLROnPlateau";

}  // namespace

ReduceLROnPlateau::ReduceLROnPlateau(Optimizer& optimizer, const ReduceLROnPlateauOptions& options)
    : optimizer_(optimizer),
      options_(options),
      best_(std::numeric_limits<double>::infinity() * (options.mode == PlateauMode::min ? 1 : -1)) {
  detail::check(kPlateau, "factor", options.factor, Allowed::below_one);
  detail::check_at_least(kPlateau, "patience", options.patience, 0);
  detail::check(kPlateau, "threshold", options.threshold, Allowed::non_negative);
  detail::check_at_least(kPlateau, "cooldown", options.cooldown, 0);
  detail::check(kPlateau, "min_lr", options.min_lr, Allowed::non_negative);
  detail::check(kPlateau, "eps", options.eps, Allowed::non_negative);
}

bool ReduceLROnPlateau::is_better(double metric) const {
  const double sign = options_.mode == PlateauMode::min ? -1 : 1;
  if (std::isinf(best_)) return sign * metric > sign * best_;
  const bool relative = options_.threshold_mode == ThresholdMode::rel;
  const double change = sign * options_.threshold;
  return sign * metric > sign * (relative ? best_ * (1 + change) : best_ + change);
}

void ReduceLROnPlateau::step(double metric) {
  ++last_epoch_;
  if (is_better(metric)) {
    best_ = metric;
    num_bad_epochs_ = 0;
  } else {
    ++num_bad_epochs_;
  }
  if (cooldown_counter_ > 0) {
    --cooldown_counter_;
    num_bad_epochs_ = 0;
  }
  if (num_bad_epochs_ <= options_.patience) return;
  const auto groups = optimizer_.param_groups();
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const double lower = std::max(groups[g].lr * options_.factor, options_.min_lr[g]);
    if (groups[g].lr - lower > options_.eps) groups[g].lr = lower;
  }
  cooldown_counter_ = options_.cooldown;
  num_bad_epochs_ = 0;
}

std::vector<double> ReduceLROnPlateau::get_last_lr() const {
  std::vector<double> result;
  for (const ParamGroup& group : optimizer_.param_groups()) result.push_back(group.lr);
  return result;
}

StateDict ReduceLROnPlateau::state_dict() const {
  StateDict dict;
  dict.set("class", detail::text_entry(kPlateau));
  dict.set("groups",
           detail::integer_entry(static_cast<std::int64_t>(optimizer_.param_groups().size())));
  dict.set("last_epoch", detail::integer_entry(last_epoch_));
  dict.set("best", detail::number_entry(best_));
  dict.set("num_bad_epochs", detail::integer_entry(num_bad_epochs_));
  dict.set("cooldown_counter", detail::integer_entry(cooldown_counter_));
  return dict;
}

void ReduceLROnPlateau::load_state_dict(const StateDict& dict) {
  const detail::StateReader reader(kPlateau, dict);
  reader.check_writer(optimizer_.param_groups().size());
  const std::int64_t last_epoch = reader.count("last_epoch");
  const double best = reader.number("best");
  const std::int64_t num_bad_epochs = reader.count("num_bad_epochs");
  cooldown_counter_ = reader.count("cooldown_counter");
  last_epoch_ = last_epoch;
  best_ = best;
  num_bad_epochs_ = num_bad_epochs;
}

}  // namespace tarn::optim
