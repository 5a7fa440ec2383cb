#pragma once

#include <cstdint>
#include <string>
#include <vector>

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
/// them. A schedule of your own overrides lr(), and calls attach() in a constructor that takes an
/// optimizer.
class LRScheduler {
 public:
  virtual ~LRScheduler() = default;
  LRScheduler(const LRScheduler&) = delete;
  LRScheduler& operator=(const LRScheduler&) = delete;

  /// The learning rate at t >= 0 of a group that started with base_lr. A pure function.
  virtual double lr(std::int64_t t, double base_lr) const = 0;

  /// Takes the present learning rate of each group as its base_lr, and sets lr(0). The optimizer
  /// must live longer. Throws ValueError when there is an optimizer already.
  void attach(Optimizer& optimizer);

  /// Goes on to the next t and sets the learning rate of every group; a group added since attach()
  /// starts from the one it has now. Warns once when the optimizer has taken no step since
  /// attach(). Throws ValueError without an optimizer, or when lr() is not finite or negative;
  /// nothing changes then.
  void step();

  /// t: 0 after attach(), one more after each step().
  std::int64_t last_epoch() const { return last_epoch_; }

  /// lr(last_epoch()) for each group.
  std::vector<double> get_last_lr() const;

  /// The name that messages and checkpoints use: "StepLR".
  const std::string& name() const { return name_; }

  /// "class" (the name), "last_epoch" and for each group "base_lr.0" and "last_lr.0".
  StateDict state_dict() const;

  /// Continues where the scheduler that wrote `dict` was, and sets the learning rates. Throws
  /// ValueError when it was another class, had other options or another number of groups; nothing
  /// has changed then.
  void load_state_dict(const StateDict& dict);

 protected:
  explicit LRScheduler(std::string name) : name_(std::move(name)) {}

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
};

}  // namespace tarn::optim
