#pragma once

#include <cstdint>

#include <tarn/optim/warmup_lr.h>

namespace tarn::optim {

/// What the learning rate does when the batch grows k-fold.
enum class LRScaling {
  none,
  linear,  ///< k-fold (Goyal et al. 2017): the same path for small steps, while noise limits
  sqrt     ///< sqrt(k)-fold (Krizhevsky 2014): the same variance of a step; for Adam and its kin
};

/// From which batch size to which scale_lr() goes, and how.
struct ScaleLROptions {
  std::int64_t from;  ///< the batch size that the learning rate was chosen for, >= 1
  std::int64_t to;    ///< the batch size to train with, >= 1
  LRScaling rule = LRScaling::linear;
  std::int64_t warmup_steps = 0;  ///< steps from the unscaled rate up to the scaled one, >= 0
};

/// What scale_lr() gives.
struct ScaledLR {
  double lr;
  WarmupLROptions warmup;  ///< starts at the rate that was given; no warmup towards smaller rates
};

/// The learning rate for another batch size, and a gradual warmup to it (Goyal et al. 2017, section
/// 2.2):
///
///   auto [lr, warmup] = optim::scale_lr(0.1, {.from = 64, .to = 1024, .warmup_steps = 500});
///   optim::SGD sgd(model.parameters(), {.lr = lr});                         // 1.6
///   optim::WarmupLR schedule(sgd, optim::CosineAnnealingLR({.T_max = 9500}), warmup);
///
/// The linear rule is exact for vanishing rates only: on a quadratic of curvature 1, doubling both
/// multiplies the variance by (2 - lr) / (2 - 2 lr). Throws ValueError for a rate that is negative
/// or not finite, and for options outside the ranges given.
ScaledLR scale_lr(double lr, const ScaleLROptions& options);

}  // namespace tarn::optim
