#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <tarn/optim/param_group.h>
#include <tarn/optim/state.h>
#include <tarn/tensor/state_dict.h>
#include <tarn/tensor/tensor.h>

namespace tarn::optim {

/// Base of all optimizers: parameter groups, state per parameter, saving and loading.
///
/// An optimizer of your own says how one parameter moves; groups, schedulers, clipping and
/// checkpoints then work with it:
///
///   class HeavyBall : public optim::Optimizer {
///    public:
///     struct Options { double lr = 0.01; double beta = 0.9; };
///     HeavyBall(std::vector<Tensor> params, Options o)
///         : Optimizer("HeavyBall", std::move(params), o.lr), beta_(o.beta) {}
///    protected:
///     void update(Tensor& p, const Tensor& g, optim::State& s,
///                 const optim::ParamGroup& group) override {
///       Tensor& v = s.zeros_like("velocity", p);
///       v.mul_(beta_).add_(g);
///       p.sub_(v, group.lr);
///     }
///    private:
///     double beta_;
///   };
///
/// Numbers that groups may set differently, and that checkpoints hold, are options instead of
/// members: pass `{{"beta", o.beta, Allowed::below_one}}` after the lr and read
/// `group.option("beta")`.
class Optimizer {
 public:
  using Hook = std::function<void(Optimizer&)>;

  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  /// Moves every parameter that has a gradient; nothing is recorded. The gradients stay as they
  /// are. Warns once when no parameter has a gradient (then nothing happens at all) or when all
  /// gradients were used by an earlier step. Throws ValueError, before anything moves, for a group
  /// whose numbers were set to something that makes no sense or whose parameters were exchanged.
  void step();

  /// Clears the gradients; with set_to_none = false fills those there are with 0.
  void zero_grad(bool set_to_none = true);

  /// The name that messages and checkpoints use: "SGD".
  const std::string& name() const { return name_; }

  /// The groups, to read and to set their numbers:
  ///
  ///   for (auto& group : sgd.param_groups()) group.lr *= 0.1;
  std::span<ParamGroup> param_groups() { return groups_; }
  std::span<const ParamGroup> param_groups() const { return groups_; }

  /// Adds a group; what it leaves out it takes from the defaults. Throws as the constructor.
  void add_param_group(ParamGroup group);

  /// The learning rate of the first group.
  double lr() const { return groups_.front().lr; }
  /// Sets the learning rate of all groups. Throws ValueError unless it is finite and >= 0.
  void set_lr(double lr);

  /// Steps taken so far, those before a resume included.
  std::int64_t step_count() const { return step_count_; }

  /// For a hook at the beginning of a step(): nothing moves this time, the step does not count and
  /// has no hooks at its end.
  void skip_step() { skip_ = true; }
  /// How often that happened since the optimizer was made.
  std::int64_t skipped_count() const { return skipped_count_; }

  /// Called at the beginning of every step(), and after every step() that moved something.
  void register_step_pre_hook(Hook hook) { pre_hooks_.push_back(std::move(hook)); }
  void register_step_post_hook(Hook hook) { post_hooks_.push_back(std::move(hook)); }

  /// "class" (the name), "step_count", "group.0.lr", "group.0.momentum", ..., "group.0.params"
  /// (their number) and "state.0.2.momentum_buffer" (group, parameter, name). Tensors share their
  /// elements with the optimizer until clone()d.
  StateDict state_dict() const;

  /// Continues where the optimizer that wrote `dict` was: copies all of it. Throws ValueError,
  /// ShapeError or DTypeError when it was written by another class or for other groups or
  /// parameters; nothing has changed then.
  void load_state_dict(const StateDict& dict);

 protected:
  /// `options` lists all numbers that groups can have besides lr, with their defaults. Throws
  /// ValueError when there is no parameter that requires grad; one is undefined, given twice or not
  /// a leaf; or a group has an option that `options` lacks, or a number that is not allowed. Frozen
  /// parameters are taken, as in PyTorch: they have no gradient, so that step() passes over them
  /// until requires_grad_() thaws them, and a partly frozen model's parameters() can be given
  /// whole.
  Optimizer(std::string name, std::vector<Tensor> params, double lr,
            std::vector<Option> options = {});
  Optimizer(std::string name, std::vector<ParamGroup> groups, double lr,
            std::vector<Option> options = {});

  /// Moves one parameter p along its gradient g, which must be left as it is.
  virtual void update(Tensor& p, const Tensor& g, State& s, const ParamGroup& group) = 0;

  /// Throws ValueError when the group's numbers make no sense: here, when one is not allowed.
  /// Called for new and loaded groups and at every step; a constructor that overrides it calls it
  /// itself.
  virtual void check_group(const ParamGroup& group) const;

 private:
  ParamGroup complete(ParamGroup group) const;
  void check_params(const ParamGroup& group) const;
  void check_first(const ParamGroup& group, std::size_t param) const;
  void check_exchanged() const;
  bool find_gradients() const;
  void update_all(bool moves);
  std::vector<State> states_from(const StateDict& dict, std::size_t group) const;
  ParamGroup group_from(const StateDict& dict, std::size_t group) const;
  void check_loadable(const StateDict& dict) const;

  std::string name_;
  double default_lr_;
  std::vector<Option> options_;
  std::vector<ParamGroup> groups_;
  std::vector<std::vector<State>> states_;
  std::int64_t step_count_ = 0;
  std::int64_t skipped_count_ = 0;
  bool skip_ = false;
  std::vector<Hook> pre_hooks_;
  std::vector<Hook> post_hooks_;
};

/// "SGD\n  group 0: 4 parameters, lr = 0.1, momentum = 0.9"
std::string to_string(const Optimizer& optimizer);

}  // namespace tarn::optim
