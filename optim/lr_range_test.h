#pragma once

#include <cstdint>
#include <vector>

#include <tarn/optim/objective.h>
#include <tarn/optim/optimizer.h>

namespace tarn::optim {

/// The course of an lr_range_test().
struct LRRangeTestOptions {
  double start_lr = 1e-6;        ///< > 0
  double end_lr = 10;            ///< > start_lr
  std::int64_t steps = 100;      ///< updates, >= 2
  std::int64_t batch_size = 32;  ///< >= 1, at most the number of examples
  double smoothing = 0.9;        ///< of the exponential average of the losses, in [0, 1)
  double divergence = 4;         ///< ends when the average is this many times its least, > 1
  std::uint64_t seed = 0;        ///< of the shuffles
};

/// What an lr_range_test() saw.
struct LRRangeTest {
  std::vector<double> lrs{};     ///< from start_lr to end_lr in equal ratios, or as far as it came
  std::vector<double> losses{};  ///< of each batch before its update
  std::vector<double> smoothed{};  ///< their exponential average, corrected for its start
  /// A tenth of the rate at which the smoothed loss was least: a rate to start with (the rule of
  /// fastai, Howard and Gugger 2020; where the loss falls fastest is hard to tell from noise). NaN
  /// when it never fell.
  double suggested_lr;
  bool diverged;  ///< it ended early; lrs.back() is too large
};

/// Finds the range of useful learning rates in one short run with rising rates (Smith 2017, section
/// 3.3): below it the loss stands still, above it the loss rises. Model, buffers, optimizer (rates
/// and state) are then as before; gradients are cleared. Hooks of the optimizer run.
///
///   auto range = optim::lr_range_test(objective, sgd, {.batch_size = 64});
///   sgd.set_lr(range.suggested_lr);
///
/// Throws ValueError for options outside the ranges given, or when the loss is not finite at the
/// start; everything is as before then, too.
LRRangeTest lr_range_test(const Objective& objective, Optimizer& optimizer,
                          const LRRangeTestOptions& options = {});

}  // namespace tarn::optim
