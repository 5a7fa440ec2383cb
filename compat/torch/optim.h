#pragma once

#include <functional>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include <torch/macros.h>
#include <torch/types.h>

#include <tarn/autograd/grad_mode.h>
#include <tarn/optim/optim.h>

namespace torch::optim {

/// The numbers of an optimizer or of one of its groups. Their setters can be chained.
class OptimizerOptions {
 public:
  virtual ~OptimizerOptions() = default;
  virtual std::unique_ptr<OptimizerOptions> clone() const = 0;
  virtual double get_lr() const = 0;
  virtual void set_lr(double lr) = 0;
  /// Into and from a group of the optimizer that does the work.
  virtual void write_to(tarn::optim::ParamGroup& group) const = 0;
  virtual void read_from(const tarn::optim::ParamGroup& group) = 0;
};

/// What options have in common: Self::each(options, f) calls f with the name and the value of each
/// number besides lr.
template <class Self>
class OptimizerCloneableOptions : public OptimizerOptions {
 public:
  std::unique_ptr<OptimizerOptions> clone() const override {
    return std::make_unique<Self>(self());
  }
  double get_lr() const override { return self().lr(); }
  void set_lr(double lr) override { self().lr(lr); }
  void write_to(tarn::optim::ParamGroup& group) const override {
    group.lr = get_lr();
    Self::each(self(), [&](const char* name, const auto& value) {
      const auto number = static_cast<double>(value);
      const bool exists = tarn::optim::detail::find(group.options, name) != nullptr;
      if (exists) group.option(name) = number;
      if (!exists) group.options.emplace_back(name, number);
    });
  }
  void read_from(const tarn::optim::ParamGroup& group) override {
    set_lr(group.lr);
    Self::each(self(), [&]<class T>(const char* name, T& value) {
      value = static_cast<T>(group.option(name));
    });
  }

 private:
  Self& self() { return static_cast<Self&>(*this); }
  const Self& self() const { return static_cast<const Self&>(*this); }
};

/// Parameters with options of their own, or the optimizer's.
class OptimizerParamGroup {
 public:
  OptimizerParamGroup(std::vector<Tensor> params)  // NOLINT(google-explicit-constructor)
      : params_(std::move(params)) {}
  OptimizerParamGroup(std::vector<Tensor> params, std::unique_ptr<OptimizerOptions> options)
      : params_(std::move(params)), options_(std::move(options)) {}
  OptimizerParamGroup(const OptimizerParamGroup& other)
      : params_(other.params_), options_(other.options_ ? other.options_->clone() : nullptr) {}
  OptimizerParamGroup(OptimizerParamGroup&&) = default;
  OptimizerParamGroup& operator=(OptimizerParamGroup&&) = default;

  const std::vector<Tensor>& params() const { return params_; }
  bool has_options() const { return options_ != nullptr; }
  OptimizerOptions& options() { return *options_; }
  const OptimizerOptions& options() const { return *options_; }
  void set_options(std::unique_ptr<OptimizerOptions> options) { options_ = std::move(options); }

 private:
  std::vector<Tensor> params_;
  std::unique_ptr<OptimizerOptions> options_;
};

/// Base of the optimizers. An optimizer of tarn's, core(), does the work; its groups take their
/// numbers from param_groups() before each step.
class Optimizer {
 public:
  using LossClosure = std::function<Tensor()>;

  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  /// Moves the parameters, after calling `closure`, where there is one, to compute the loss that is
  /// returned, and its gradients. Throws as tarn::optim::Optimizer::step().
  Tensor step(const LossClosure& closure = nullptr) {
    Tensor loss;
    if (closure) {
      const tarn::GradModeGuard with_gradients(true);
      loss = closure();
    }
    core().step();
    return loss;
  }
  void zero_grad(bool set_to_none = true) { core_->zero_grad(set_to_none); }

  std::vector<OptimizerParamGroup>& param_groups() { return groups_; }
  const std::vector<OptimizerParamGroup>& param_groups() const { return groups_; }
  void add_param_group(const OptimizerParamGroup& group) {
    OptimizerParamGroup complete = group;
    if (!complete.has_options()) complete.set_options(defaults_->clone());
    core_->add_param_group(of_core(complete));
    groups_.push_back(std::move(complete));
  }
  OptimizerOptions& defaults() { return *defaults_; }

  tarn::optim::Optimizer& core() const {
    for (std::size_t i = 0; i < groups_.size(); ++i) {
      groups_[i].options().write_to(core_->param_groups()[i]);
    }
    return *core_;
  }
  /// Goes on where the optimizer that wrote `state` was, with its numbers. Throws as
  /// tarn::optim::Optimizer::load_state_dict().
  void load_state_dict(const tarn::StateDict& state) {
    core_->load_state_dict(state);
    for (std::size_t i = 0; i < groups_.size(); ++i) {
      groups_[i].options().read_from(core_->param_groups()[i]);
    }
  }

 protected:
  template <class Core>
  Optimizer(std::type_identity<Core>, std::vector<OptimizerParamGroup> groups,
            const OptimizerOptions& defaults)
      : groups_(std::move(groups)), defaults_(defaults.clone()) {
    std::vector<tarn::optim::ParamGroup> all;
    for (OptimizerParamGroup& group : groups_) {
      if (!group.has_options()) group.set_options(defaults.clone());
      all.push_back(of_core(group));
    }
    core_ = std::make_unique<Core>(std::move(all));
  }

 private:
  static tarn::optim::ParamGroup of_core(const OptimizerParamGroup& group) {
    tarn::optim::ParamGroup result{.params = group.params()};
    group.options().write_to(result);
    return result;
  }

  std::vector<OptimizerParamGroup> groups_;
  std::unique_ptr<OptimizerOptions> defaults_;
  std::unique_ptr<tarn::optim::Optimizer> core_;
};

namespace detail {

/// An optimizer of tarn's, Core, that takes its numbers from Options.
template <class Core, class Options>
class OptimizerOver : public Optimizer {
 public:
  explicit OptimizerOver(std::vector<Tensor> params, const Options& defaults = {})
      : OptimizerOver(std::vector<OptimizerParamGroup>{std::move(params)}, defaults) {}
  explicit OptimizerOver(std::vector<OptimizerParamGroup> groups, const Options& defaults = {})
      : Optimizer(std::type_identity<Core>(), std::move(groups), defaults) {}
};

}  // namespace detail

struct SGDOptions : OptimizerCloneableOptions<SGDOptions> {
  SGDOptions(double lr = 1e-3) : lr_(lr) {}  // NOLINT(google-explicit-constructor)
  TORCH_ARG(double, lr);
  TORCH_ARG(double, momentum) = 0;
  TORCH_ARG(double, dampening) = 0;
  TORCH_ARG(double, weight_decay) = 0;
  TORCH_ARG(bool, nesterov) = false;

 public:
  template <class Options, class F>
  static void each(Options& options, F f) {
    f("momentum", options.momentum_);
    f("dampening", options.dampening_);
    f("weight_decay", options.weight_decay_);
    f("nesterov", options.nesterov_);
  }
};

namespace detail {

/// The numbers of Adam, and of AdamW, whose weight decay is decoupled and not 0 by default.
template <bool decoupled>
struct AdamOptions : OptimizerCloneableOptions<AdamOptions<decoupled>> {
  AdamOptions(double lr = 1e-3) : lr_(lr) {}  // NOLINT(google-explicit-constructor)
  using Betas = std::tuple<double, double>;
  TORCH_ARG(double, lr);
  TORCH_ARG(Betas, betas) = {0.9, 0.999};
  TORCH_ARG(double, eps) = 1e-8;
  TORCH_ARG(double, weight_decay) = decoupled ? 1e-2 : 0;
  TORCH_ARG(bool, amsgrad) = false;

 public:
  template <class Options, class F>
  static void each(Options& options, F f) {
    f("beta1", std::get<0>(options.betas_));
    f("beta2", std::get<1>(options.betas_));
    f("eps", options.eps_);
    f("weight_decay", options.weight_decay_);
    f("amsgrad", options.amsgrad_);
  }
};

}  // namespace detail

using AdamOptions = detail::AdamOptions<false>;
using AdamWOptions = detail::AdamOptions<true>;

struct AdagradOptions : OptimizerCloneableOptions<AdagradOptions> {
  AdagradOptions(double lr = 1e-2) : lr_(lr) {}  // NOLINT(google-explicit-constructor)
  TORCH_ARG(double, lr);
  TORCH_ARG(double, lr_decay) = 0;
  TORCH_ARG(double, weight_decay) = 0;
  TORCH_ARG(double, initial_accumulator_value) = 0;
  TORCH_ARG(double, eps) = 1e-10;

 public:
  template <class Options, class F>
  static void each(Options& options, F f) {
    f("lr_decay", options.lr_decay_);
    f("weight_decay", options.weight_decay_);
    f("initial_accumulator_value", options.initial_accumulator_value_);
    f("eps", options.eps_);
  }
};

struct RMSpropOptions : OptimizerCloneableOptions<RMSpropOptions> {
  RMSpropOptions(double lr = 1e-2) : lr_(lr) {}  // NOLINT(google-explicit-constructor)
  TORCH_ARG(double, lr);
  TORCH_ARG(double, alpha) = 0.99;
  TORCH_ARG(double, eps) = 1e-8;
  TORCH_ARG(double, weight_decay) = 0;
  TORCH_ARG(double, momentum) = 0;
  TORCH_ARG(bool, centered) = false;

 public:
  template <class Options, class F>
  static void each(Options& options, F f) {
    f("alpha", options.alpha_);
    f("eps", options.eps_);
    f("weight_decay", options.weight_decay_);
    f("momentum", options.momentum_);
    f("centered", options.centered_);
  }
};

struct SGD : detail::OptimizerOver<tarn::optim::SGD, SGDOptions> {
  using OptimizerOver::OptimizerOver;
};
struct Adam : detail::OptimizerOver<tarn::optim::Adam, AdamOptions> {
  using OptimizerOver::OptimizerOver;
};
struct AdamW : detail::OptimizerOver<tarn::optim::AdamW, AdamWOptions> {
  using OptimizerOver::OptimizerOver;
};
struct Adagrad : detail::OptimizerOver<tarn::optim::Adagrad, AdagradOptions> {
  using OptimizerOver::OptimizerOver;
};
struct RMSprop : detail::OptimizerOver<tarn::optim::RMSprop, RMSpropOptions> {
  using OptimizerOver::OptimizerOver;
};

/// Multiplies every group's learning rate by gamma after each `step_size` steps.
class StepLR {
 public:
  /// Throws ValueError unless step_size >= 1.
  StepLR(Optimizer& optimizer, unsigned step_size, double gamma = 0.1)
      : optimizer_(optimizer), step_size_(step_size), gamma_(gamma) {
    if (step_size == 0) throw tarn::ValueError("StepLR: step_size = 0: expected >= 1");
  }
  void step() {
    if (++steps_ % step_size_ != 0) return;
    for (OptimizerParamGroup& group : optimizer_.param_groups()) {
      group.options().set_lr(group.options().get_lr() * gamma_);
    }
  }

 private:
  Optimizer& optimizer_;
  unsigned step_size_;
  double gamma_;
  unsigned steps_ = 0;
};

}  // namespace torch::optim
