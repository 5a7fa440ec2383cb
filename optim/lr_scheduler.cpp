#include <cmath>
#include <utility>

#include <tarn/optim/detail/check_number.h>
#include <tarn/optim/detail/state_reader.h>
#include <tarn/optim/lr_scheduler.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>
#include <tarn/tensor/warning.h>

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

// With the learning rates of groups that came since the last time.
std::vector<double> LRScheduler::base_lrs() const {
  std::vector<double> result = base_lrs_;
  for (const ParamGroup& group : optimizer_->param_groups().subspan(result.size())) {
    result.push_back(group.lr);
  }
  return result;
}

std::vector<double> LRScheduler::lrs(std::int64_t t, const std::vector<double>& base_lrs) const {
  std::vector<double> result;
  for (const double base_lr : base_lrs) {
    result.push_back(lr(t, base_lr));
    detail::check_non_negative(name_, str("lr(", t, ", ", base_lr, ")"), result.back());
  }
  return result;
}

void LRScheduler::set(std::int64_t t, std::vector<double> base_lrs) {
  const std::vector<double> values = lrs(t, base_lrs);
  const auto groups = optimizer_->param_groups();
  for (std::size_t g = 0; g < values.size(); ++g) groups[g].lr = values[g];
  last_epoch_ = t;
  base_lrs_ = std::move(base_lrs);
}

void LRScheduler::step() {
  const Optimizer& followed = optimizer("step");
  if (last_epoch_ == 0 && followed.step_count() == optimizer_steps_) {
    warn_once("optim.scheduler_before_optimizer",
              str(name_, ": step() was called before the first step() of ", followed.name(),
                  ": the first learning rate is skipped; call the optimizer's step() first"));
  }
  set(last_epoch_ + 1, base_lrs());
}

std::vector<double> LRScheduler::get_last_lr() const {
  optimizer("get_last_lr");
  return lrs(last_epoch_, base_lrs_);
}

StateDict LRScheduler::state_dict() const {
  optimizer("state_dict");
  const std::vector<double> last_lrs = get_last_lr();
  StateDict dict;
  dict.set("class", detail::text_entry(name_));
  dict.set("groups", detail::integer_entry(static_cast<std::int64_t>(base_lrs_.size())));
  dict.set("last_epoch", detail::integer_entry(last_epoch_));
  for (std::size_t g = 0; g < base_lrs_.size(); ++g) {
    dict.set(str("base_lr.", g), detail::number_entry(base_lrs_[g]));
    dict.set(str("last_lr.", g), detail::number_entry(last_lrs[g]));
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
