#include <cmath>
#include <utility>

#include <tarn/optim/detail/check_number.h>
#include <tarn/optim/detail/state_reader.h>
#include <tarn/optim/lr_scheduler.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/log.h>
#include <tarn/tensor/str.h>

namespace tarn::optim {

namespace {

// Other options give other learning rates; another machine's cos() and pow() nearly the same.
bool agree(double a, double b) { return std::abs(a - b) <= 1e-9 * std::abs(a); }

}  // namespace

void LRScheduler::attach(Optimizer& optimizer) {
  if (optimizer_) {
    throw ValueError(str(name_, ": attach: it belongs to an optimizer already (",
                         optimizer_->name(), "): expected a new scheduler for each"));
  }
  optimizer_ = &optimizer;
  try {
    set(0, base_lrs());
  } catch (...) {
    optimizer_ = nullptr;
    throw;
  }
  optimizer_steps_ = optimizer.step_count();
}

Optimizer& LRScheduler::optimizer(const char* action) const {
  if (optimizer_) return *optimizer_;
  throw ValueError(str(name_, ": ", action, ": there is no optimizer: expected attach() before"));
}

double LRScheduler::lr(std::int64_t t, double base_lr, std::size_t group) const {
  if (t < 0) throw ValueError(str(name_, ": lr(", t, ", ", base_lr, "): expected t >= 0"));
  const double result = value(t, base_lr, group);
  if (std::isfinite(result) && result >= 0) return result;
  throw ValueError(
      str(name_, ": lr(", t, ", ", base_lr, ") = ", result, ": expected a finite value >= 0"));
}

std::optional<double> LRScheduler::momentum(std::int64_t t, std::size_t group) const {
  if (t < 0) throw ValueError(str(name_, ": momentum(", t, "): expected t >= 0"));
  return momentum_value(t, group);
}

// For the next step: with groups that came since the last one, and what others changed.
std::vector<double> LRScheduler::base_lrs() const {
  const auto groups = optimizer_->param_groups();
  std::vector<double> result = base_lrs_;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    if (g == result.size()) {
      result.push_back(groups[g].lr);
    } else if (groups[g].lr != last_lrs_[g] && last_lrs_[g] > 0) {
      result[g] *= groups[g].lr / last_lrs_[g];
    }
  }
  return result;
}

std::vector<double> LRScheduler::lrs(std::int64_t t, const std::vector<double>& base_lrs) const {
  std::vector<double> result;
  result.reserve(base_lrs.size());
  for (const double base_lr : base_lrs) result.push_back(lr(t, base_lr, result.size()));
  return result;
}

void LRScheduler::set(std::int64_t t, std::vector<double> base_lrs) {
  std::vector<double> values = lrs(t, base_lrs);
  const auto groups = optimizer_->param_groups();
  std::vector<std::pair<double*, double>> momenta;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const std::optional<double> new_momentum = momentum(t, g);
    if (!new_momentum) continue;
    const bool adam = detail::find(groups[g].options, "beta1") != nullptr;
    momenta.emplace_back(&groups[g].option(adam ? "beta1" : "momentum"), *new_momentum);
  }
  for (std::size_t g = 0; g < values.size(); ++g) groups[g].lr = values[g];
  for (const auto& [option, new_momentum] : momenta) *option = new_momentum;
  last_epoch_ = t;
  base_lrs_ = std::move(base_lrs);
  last_lrs_ = std::move(values);
}

void LRScheduler::step() {
  const Optimizer& followed = optimizer("step");
  if (last_epoch_ == 0 && followed.step_count() == optimizer_steps_ &&
      followed.skipped_count() == 0) {
    warn_once("optim.scheduler_before_optimizer",
              str(name_, ": step() was called before the first step() of ", followed.name(),
                  ": the first learning rate is skipped; call the optimizer's step() first"));
  }
  set(last_epoch_ + 1, base_lrs());
}

std::vector<double> LRScheduler::get_last_lr() const {
  optimizer("get_last_lr");
  return last_lrs_;
}

StateDict LRScheduler::state_dict() const {
  optimizer("state_dict");
  StateDict dict;
  dict.set("class", detail::text_entry(name_));
  dict.set("groups", detail::integer_entry(static_cast<std::int64_t>(base_lrs_.size())));
  dict.set("last_epoch", detail::integer_entry(last_epoch_));
  for (std::size_t g = 0; g < base_lrs_.size(); ++g) {
    dict.set(str("base_lr.", g), detail::number_entry(base_lrs_[g]));
    dict.set(str("last_lr.", g), detail::number_entry(last_lrs_[g]));
  }
  return dict;
}

void LRScheduler::load_state_dict(const StateDict& dict) {
  const std::size_t groups = optimizer("load_state_dict").param_groups().size();
  const detail::StateReader reader(name_, dict);
  reader.check_writer(groups);
  const std::int64_t t = reader.count("last_epoch");
  std::vector<double> base_lrs;
  for (std::size_t g = 0; g < groups; ++g) base_lrs.push_back(reader.number(str("base_lr.", g)));
  const std::vector<double> values = lrs(t, base_lrs);
  for (std::size_t g = 0; g < groups; ++g) {
    const double saved = reader.number(str("last_lr.", g));
    if (agree(values[g], saved)) continue;
    throw ValueError(str(name_, ": load_state_dict: lr(", t, ", ", base_lrs[g], ") is ", values[g],
                         " but was ", saved, ": expected the options that it was saved with"));
  }
  set(t, std::move(base_lrs));
}

}  // namespace tarn::optim
