#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/nn/clip_grad.h>
#include <tarn/optim/accumulator.h>
#include <tarn/optim/detail/check_number.h>
#include <tarn/optim/detail/state_reader.h>
#include <tarn/optim/gradient_noise_scale.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/log.h>
#include <tarn/tensor/str.h>

namespace tarn::optim {

namespace {

// Calls f(parameter, gradient) for every parameter that has one; whether there was any.
template <class F>
bool for_each_grad(const Optimizer& optimizer, F f) {
  bool any = false;
  for (const ParamGroup& group : optimizer.param_groups()) {
    for (const Tensor& p : group.params) {
      const Tensor grad = p.grad();
      if (!grad.defined()) continue;
      f(p, grad);
      any = true;
    }
  }
  return any;
}

// Calls f("grad.<group>.<index>", parameter) for every parameter.
template <class F>
void for_each_parameter(const Optimizer& optimizer, F f) {
  std::size_t g = 0;
  for (const ParamGroup& group : optimizer.param_groups()) {
    for (std::size_t i = 0; i < group.params.size(); ++i)
      f(str("grad.", g, ".", i), group.params[i]);
    ++g;
  }
}

}  // namespace

Accumulator::Accumulator(Optimizer& optimizer, const AccumulatorOptions& options)
    : optimizer_(optimizer), options_(options) {
  detail::check_at_least("Accumulator", "batch_size", options.batch_size, 1);
  if (options.reduction == Reduction::none) {
    throw ValueError("Accumulator: reduction = none: expected mean or sum");
  }
}

Accumulator::~Accumulator() {
  if (count_ == 0) return;
  try {
    warn_once("optim.accumulator_not_flushed",
              str("Accumulator: the gradients of ", count_,
                  " examples were never used: call flush() at the end of an epoch"));
  } catch (...) {  // a destructor has nobody to tell
  }
}

void Accumulator::check_undisturbed() const {
  const bool used = optimizer_.step_count() != step_count_;
  if (!used && for_each_grad(optimizer_, [](const Tensor&, const Tensor&) {})) return;
  throw ValueError(str("Accumulator: the gradients of ", count_, " examples were ",
                       used ? "used by another step()" : "cleared",
                       " before there were batch_size = ", options_.batch_size,
                       ": expected no step() and no zero_grad() of your own in between"));
}

bool Accumulator::backward(const Tensor& loss, std::int64_t count) {
  detail::check_at_least("Accumulator", "count", count, 1);
  if (count_ > 0) {
    check_undisturbed();
  } else {
    optimizer_.zero_grad();
    part_norms_.clear();
    part_sizes_.clear();
  }
  const bool mean = options_.reduction == Reduction::mean;
  const std::int64_t examples = completes(count) ? count_ + count : options_.batch_size;
  const double weight = mean ? static_cast<double>(count) / static_cast<double>(examples) : 1;
  const Tensor weighted = weight == 1 ? loss : mul(loss, weight);
  // Before the last backward() and not after it: other ranks take the gradient as it leaves that.
  const auto before = make_mean_of(examples);
  try {
    if (options_.noise_scale) {
      const double norm = backward_norm(weighted);
      part_norms_.push_back(norm / (mean ? weight : static_cast<double>(count)));
      part_sizes_.push_back(count);
    } else {
      weighted.backward();
    }
  } catch (...) {
    for (const auto& [p, grad] : before) p.set_grad(grad);
    throw;
  }
  step_count_ = optimizer_.step_count();
  count_ += count;
  if (count_ < options_.batch_size) return false;
  check_undisturbed();
  step();
  return true;
}

bool Accumulator::completes(std::int64_t count) const {
  return count_ + count >= options_.batch_size;
}

// Divides the gradients by `examples` instead of batch_size; returns those that it has replaced.
std::vector<std::pair<Tensor, Tensor>> Accumulator::make_mean_of(std::int64_t examples) {
  std::vector<std::pair<Tensor, Tensor>> before;
  if (options_.reduction == Reduction::sum || examples == options_.batch_size) return before;
  const NoGradGuard no_grad;
  const double factor = static_cast<double>(options_.batch_size) / static_cast<double>(examples);
  for_each_grad(optimizer_,
                [&](const Tensor& p, const Tensor& grad) { before.emplace_back(p, grad); });
  // Not in place: a gradient may be an expanded view, or that of another parameter too.
  for (const auto& [p, grad] : before) p.set_grad(mul(grad, factor));
  return before;
}

// backward(), and the norm of what it alone adds to the gradients.
double Accumulator::backward_norm(const Tensor& loss) const {
  struct Hooks : std::vector<RemovableHandle> {
    ~Hooks() {
      for (RemovableHandle& hook : *this) hook.remove();
    }
  } hooks;
  double norm = 0;
  for (const ParamGroup& group : optimizer_.param_groups()) {
    for (const Tensor& p : group.params) {
      if (!p.requires_grad()) continue;
      hooks.push_back(p.register_hook([&norm](const Tensor& gradient) {
        norm = std::hypot(norm, nn::get_total_norm({gradient}));
      }));
    }
  }
  loss.backward();
  return norm;
}

void Accumulator::measure_noise() {
  if (part_norms_.size() < 2) return;
  std::vector<Tensor> gradients;
  for_each_grad(optimizer_, [&](const Tensor&, const Tensor& grad) { gradients.push_back(grad); });
  const bool mean = options_.reduction == Reduction::mean;
  const double norm = nn::get_total_norm(gradients) / (mean ? 1 : static_cast<double>(count_));
  const bool finite = std::isfinite(norm) &&
                      std::ranges::all_of(part_norms_, [](double n) { return std::isfinite(n); });
  if (finite) options_.noise_scale->update(part_norms_, part_sizes_, norm);
}

void Accumulator::step() {
  if (options_.noise_scale && count_ > 0) measure_noise();
  count_ = 0;
  optimizer_.step();
}

bool Accumulator::flush() {
  if (count_ == 0) return false;
  check_undisturbed();
  make_mean_of(count_);
  step();
  return true;
}

void Accumulator::flush(const std::function<void(const std::function<void()>& step)>& share) {
  if (count_ > 0) {
    check_undisturbed();
    make_mean_of(count_);
  } else {
    optimizer_.zero_grad();  // a used gradient has no part in the steps of others
  }
  share([this] {
    step();
    optimizer_.zero_grad();
  });
}

StateDict Accumulator::state_dict() const {
  StateDict dict;
  dict.set("count", detail::integer_entry(count_));
  dict.set("step_count", detail::integer_entry(step_count_));
  if (count_ == 0) return dict;
  for_each_parameter(optimizer_, [&dict](const std::string& name, const Tensor& p) {
    const Tensor grad = p.grad();
    if (grad.defined()) dict.set(name, grad.detach());
  });
  return dict;
}

void Accumulator::load_state_dict(const StateDict& dict) {
  const detail::StateReader reader("Accumulator", dict);
  const std::int64_t count = reader.count("count");
  const std::int64_t step_count = reader.count("step_count");
  const NoGradGuard no_grad;
  std::vector<std::pair<Tensor, Tensor>> grads;
  std::size_t used = 2;
  for_each_parameter(optimizer_, [&](const std::string& name, const Tensor& p) {
    const Tensor* saved = dict.find(name);
    if (!saved) {
      grads.emplace_back(p, Tensor());
      return;
    }
    if (saved->shape() != p.shape() || saved->dtype() != p.dtype()) {
      throw ValueError(str("Accumulator: load_state_dict: \"", name, "\" is ", saved->dtype(), " ",
                           saved->shape(), " but the parameter is ", p.dtype(), " ", p.shape(),
                           ": expected the same"));
    }
    // Its own copy, with the layout that backward() gives.
    grads.emplace_back(p, empty_like(p).copy_(*saved));
    ++used;
  });
  if (used != dict.size()) {
    throw ValueError(str("Accumulator: load_state_dict: ", dict.size() - used,
                         " entries belong to no parameter of ", optimizer_.name(),
                         ": expected a state of the same model"));
  }
  for (const auto& [p, grad] : grads) p.set_grad(grad);
  count_ = count;
  step_count_ = step_count;
}

}  // namespace tarn::optim
