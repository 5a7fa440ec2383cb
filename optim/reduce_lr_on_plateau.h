#pragma once

#include <cstdint>
#include <vector>

#include <tarn/optim/optimizer.h>
#include <tarn/optim/per_group.h>

namespace tarn::optim {

enum class PlateauMode { min, max };
enum class ThresholdMode { rel, abs };

/// What ReduceLROnPlateau takes for a plateau, and what it does then.
struct ReduceLROnPlateauOptions {
  PlateauMode mode = PlateauMode::min;  ///< whether less (a loss) or more (an accuracy) is better
  double factor = 0.1;                  ///< what a drop multiplies by, in [0, 1)
  std::int64_t patience = 10;           ///< calls without improvement that are let pass, >= 0
  double threshold = 1e-4;              ///< what counts as an improvement, >= 0
  ThresholdMode threshold_mode = ThresholdMode::rel;  ///< of the best metric so far, or absolute
  std::int64_t cooldown = 0;      ///< calls after a drop that are not counted as bad, >= 0
  PerGroup<double> min_lr = 0.0;  ///< no rate drops below, >= 0
  double eps = 1e-8;              ///< drops that are not larger are left out, >= 0
};

/// Lowers the learning rates when a metric has stopped getting better. No function of t, hence no
/// LRScheduler; a schedule that the optimizer follows too keeps the drops as factors.
///
///   optim::ReduceLROnPlateau plateau(sgd, {.patience = 3});
///   ...
///   plateau.step(test_loss);   // once in each epoch
class ReduceLROnPlateau {
 public:
  /// The optimizer must live longer. Throws ValueError for options outside the ranges given.
  explicit ReduceLROnPlateau(Optimizer& optimizer, const ReduceLROnPlateauOptions& options = {});

  /// Multiplies the learning rates by `factor` when this is call number patience + 1 in a row whose
  /// metric is not better than the best before. NaN is never better.
  void step(double metric);

  /// The number of calls of step().
  std::int64_t last_epoch() const { return last_epoch_; }
  /// The learning rate of each group.
  std::vector<double> get_last_lr() const;

  /// "class", "groups", "last_epoch", "best", "num_bad_epochs", "cooldown_counter". The learning
  /// rates are in the optimizer's.
  StateDict state_dict() const;
  /// Throws ValueError when `dict` was not written by a ReduceLROnPlateau with as many groups;
  /// nothing has changed then.
  void load_state_dict(const StateDict& dict);

 private:
  bool is_better(double metric) const;

  Optimizer& optimizer_;
  ReduceLROnPlateauOptions options_;
  double best_;
  std::int64_t num_bad_epochs_ = 0;
  std::int64_t cooldown_counter_ = 0;
  std::int64_t last_epoch_ = 0;
};

}  // namespace tarn::optim
