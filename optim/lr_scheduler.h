#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <tarn/optim/lr_tail.h>
#include <tarn/optim/optimizer.h>
#include <tarn/tensor/state_dict.h>

namespace tarn::optim {

/// Base of all learning rate schedules: a function of t = 0, 1, 2, ... that can be looked at by
/// itself and that an optimizer can follow.
///
///   optim::CosineAnnealingLR schedule(sgd, {.T_max = 10});      // sets lr(0)
///   for (int epoch = 0; epoch < 10; ++epoch) {
///     ...                                                       // sgd.step() for every batch
///     schedule.step();                                          // sets lr(1), lr(2), ...
///   }
///   optim::CosineAnnealingLR({.T_max = 10}).lr(5, 0.1);         // 0.05, without an optimizer
///
/// t counts the calls of step(): epochs in the loop above, updates when it is called after each of
/// them. A schedule of your own overrides value(), and calls attach() in a constructor that takes
/// an optimizer.
class LRScheduler {
 public:
  virtual ~LRScheduler() = default;
  LRScheduler& operator=(const LRScheduler&) = delete;

  /// The learning rate at t of a group that started with base_lr: a pure function. `group` matters
  /// to schedules with numbers of its own for each (PerGroup). Throws ValueError when t is
  /// negative, or the result negative or not finite.
  double lr(std::int64_t t, double base_lr, std::size_t group = 0) const;

  /// The momentum at t for schedules that set it too: the groups' option "momentum", or "beta1" of
  /// the Adam family. Throws ValueError when t is negative.
  std::optional<double> momentum(std::int64_t t, std::size_t group = 0) const;

  /// How the rates of a group that started with base_lr go on for ever: what robbins_monro() is
  /// told.
  virtual LRTail tail(double) const { return {}; }

  /// Takes the present learning rate of each group as its base_lr, and sets lr(0). The optimizer
  /// must live longer. Throws ValueError when there is an optimizer already, or it has no option
  /// for the schedule's momentum.
  void attach(Optimizer& optimizer);

  /// Goes on to the next t and sets the learning rate of every group; a group added since attach()
  /// starts from the one it has now. What others did to a learning rate since the last time
  /// (set_lr(), another schedule, ReduceLROnPlateau) stays as a factor: schedules chain when each
  /// is attached and stepped. Warns once when the optimizer has taken no step since attach().
  /// Throws ValueError without an optimizer, or when lr() does; nothing changes then.
  void step();

  bool is_attached() const { return optimizer_ != nullptr; }

  /// t: 0 after attach(), one more after each step().
  std::int64_t last_epoch() const { return last_epoch_; }

  /// What the last step() or attach() set, for each group.
  std::vector<double> get_last_lr() const;

  /// The name that messages and checkpoints use: "StepLR".
  const std::string& name() const { return name_; }

  /// "class" (the name), "last_epoch" and for each group "base_lr.0" and "last_lr.0".
  StateDict state_dict() const;

  /// Continues where the scheduler that wrote `dict` was, and sets the learning rates; load several
  /// on one optimizer in the order in which they step. Throws ValueError when it was another class,
  /// had other options or another number of groups; nothing has changed then.
  void load_state_dict(const StateDict& dict);

 protected:
  explicit LRScheduler(std::string name) : name_(std::move(name)) {}
  LRScheduler(const LRScheduler&) = default;

  /// lr(t, base_lr, group), for t >= 0.
  virtual double value(std::int64_t t, double base_lr, std::size_t group) const = 0;
  /// momentum(t, group), for t >= 0.
  virtual std::optional<double> momentum_value(std::int64_t, std::size_t) const { return {}; }

 private:
  Optimizer& optimizer(const char* action) const;
  std::vector<double> base_lrs() const;
  std::vector<double> lrs(std::int64_t t, const std::vector<double>& base_lrs) const;
  void set(std::int64_t t, std::vector<double> base_lrs);

  std::string name_;
  Optimizer* optimizer_ = nullptr;
  std::int64_t optimizer_steps_ = 0;  // of the optimizer when it was attached
  std::int64_t last_epoch_ = 0;
  std::vector<double> base_lrs_;
  std::vector<double> last_lrs_;
};

}  // namespace tarn::optim
