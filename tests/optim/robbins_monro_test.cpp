#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/optim/chained_scheduler.h>
#include <tarn/optim/constant_lr.h>
#include <tarn/optim/cosine_annealing_lr.h>
#include <tarn/optim/cosine_annealing_warm_restarts.h>
#include <tarn/optim/cyclic_lr.h>
#include <tarn/optim/exponential_lr.h>
#include <tarn/optim/grow_batch.h>
#include <tarn/optim/inverse_sqrt_lr.h>
#include <tarn/optim/inverse_time_lr.h>
#include <tarn/optim/lambda_lr.h>
#include <tarn/optim/linear_lr.h>
#include <tarn/optim/multi_step_lr.h>
#include <tarn/optim/multiplicative_lr.h>
#include <tarn/optim/one_cycle_lr.h>
#include <tarn/optim/polynomial_lr.h>
#include <tarn/optim/robbins_monro.h>
#include <tarn/optim/scale_lr.h>
#include <tarn/optim/sequential_lr.h>
#include <tarn/optim/sgd.h>
#include <tarn/optim/step_lr.h>
#include <tarn/optim/warmup_lr.h>
#include <tarn/tensor/error.h>

#include "../tensor/expect_error.h"
#include "leaves.h"

namespace tarn::optim {
namespace {

using testing::fails_with;
using testing::leaf;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Row {
  std::string what;
  Schedule schedule;
  bool diverges;
  bool squares_converge;
};

std::vector<Row> rows() {
  return {
      {"constant", ConstantLR(), true, false},
      {"constant after a factor", ConstantLR({.factor = 0, .total_iters = 7}), true, false},
      {"inverse square root", InverseSqrtLR(), true, false},
      {"inverse time", InverseTimeLR(), true, true},
      {"inverse time, alpha 2", InverseTimeLR({.alpha = 2}), true, true},
      {"inverse time, alpha 0", InverseTimeLR({.alpha = 0}), true, false},
      {"step decay", StepLR({.step_size = 10, .gamma = 0.5}), false, true},
      {"step decay that stays", StepLR({.step_size = 10, .gamma = 1}), true, false},
      {"step decay that grows", StepLR({.step_size = 3, .gamma = 1.1}), true, false},
      {"step decay to 0", StepLR({.step_size = 3, .gamma = 0}), false, true},
      {"exponential", ExponentialLR({.gamma = 0.9}), false, true},
      {"multi-step", MultiStepLR({.milestones = {30, 4, 4}}), true, false},
      {"multi-step to 0", MultiStepLR({.milestones = {5, 9}, .gamma = 0}), false, true},
      {"no milestones", MultiStepLR({.milestones = {}}), true, false},
      {"linear", LinearLR(), true, false},
      {"linear to 0", LinearLR({.end_factor = 0, .total_iters = 9}), false, true},
      {"polynomial", PolynomialLR({.total_iters = 20, .power = 2}), false, true},
      {"cosine to 0", CosineAnnealingLR({.T_max = 12}), false, true},
      {"cosine to a floor", CosineAnnealingLR({.T_max = 12, .eta_min = 0.01}), true, false},
      {"restarts", CosineAnnealingWarmRestarts({.T_0 = 5}), true, false},
      {"longer restarts", CosineAnnealingWarmRestarts({.T_0 = 5, .T_mult = 2}), true, false},
      {"one cycle", OneCycleLR({.max_lr = 1, .total_steps = 50}), true, false},
      {"cyclic", CyclicLR({.max_lr = 1, .step_size_up = 4}), true, false},
      {"cyclic from 0, halving",
       CyclicLR({.base_lr = 0,
                 .max_lr = 1,
                 .step_size_up = 4,
                 .step_size_down = 3,
                 .mode = CyclicMode::triangular2}),
       false, true},
      {"cyclic from 0, shrinking",
       CyclicLR({.base_lr = 0,
                 .max_lr = 1,
                 .step_size_up = 4,
                 .mode = CyclicMode::exp_range,
                 .gamma = 0.9}),
       false, true},
      {"cyclic from a floor, halving",
       CyclicLR({.base_lr = 0.1, .max_lr = 1, .step_size_up = 4, .mode = CyclicMode::triangular2}),
       true, false},
      {"warmup", WarmupLR(InverseTimeLR(), {.total_iters = 10}), true, true},
      {"warmup to step decay", WarmupLR(StepLR({.step_size = 5}), {.total_iters = 3}), false, true},
      {"sequence",
       SequentialLR({ConstantLR(), ExponentialLR({.gamma = 0.5}), InverseSqrtLR()},
                    {.milestones = {4, 9}}),
       true, false},
      {"a factor and a decay", ChainedScheduler({LinearLR(), ExponentialLR({.gamma = 0.9})}), false,
       true},
      {"two decays",
       ChainedScheduler({StepLR({.step_size = 4}), StepLR({.step_size = 6, .gamma = 0.5})}), false,
       true},
      {"a warmup and inverse time", ChainedScheduler({LinearLR(), InverseTimeLR()}), true, true},
      {"growing batches instead of step decay",
       GrowBatch(StepLR({.step_size = 4, .gamma = 0.5}), {.batch_size = 3, .max_batch_size = 20}),
       false, true},
      {"growing batches instead of inverse time",
       GrowBatch(InverseTimeLR({.alpha = 0.5}), {.batch_size = 3, .max_batch_size = 20}), true,
       true},
  };
}

TEST(RobbinsMonro, JudgesEverySchedule) {
  for (const auto& [what, schedule, diverges, squares_converge] : rows()) {
    const RobbinsMonro verdict = robbins_monro(*schedule, 0.5);
    EXPECT_EQ(verdict.sum_diverges, diverges) << what;
    EXPECT_EQ(verdict.squares_converge, squares_converge) << what;
    EXPECT_EQ(verdict.satisfied(), diverges && squares_converge) << what;
    EXPECT_EQ(std::isinf(verdict.travel), diverges) << what;
    EXPECT_EQ(std::isfinite(verdict.sum_of_squares), squares_converge) << what;
  }
}

TEST(RobbinsMonro, AddsUpWhatAddingStepByStepApproaches) {
  for (const auto& [what, schedule, diverges, squares_converge] : rows()) {
    const RobbinsMonro verdict = robbins_monro(*schedule, 0.5);
    constexpr std::int64_t steps = 20'000;
    const LRSums sums = lr_sums(*schedule, 0.5, steps);
    if (!diverges) {
      EXPECT_NEAR(verdict.travel, sums.travel, 1e-12 * verdict.travel) << what;
    }
    if (!squares_converge) continue;
    // Rates c / t leave a rest of about lr^2 t.
    const double rest = std::pow(schedule->lr(steps, 0.5), 2) * steps;
    EXPECT_GE(verdict.sum_of_squares * (1 + 1e-12), sums.sum_of_squares) << what;
    EXPECT_LE(verdict.sum_of_squares, sums.sum_of_squares * (1 + 1e-12) + 1.1 * rest) << what;
  }
}

TEST(RobbinsMonro, SumsInverseTimeInClosedForm) {
  // sum_t (1 + t / 100)^-2 = 100^2 (pi^2 / 6 - sum_(k < 100) 1 / k^2)
  double rest = std::numbers::pi * std::numbers::pi / 6;
  for (int k = 1; k < 100; ++k) rest -= 1.0 / (k * k);
  EXPECT_NEAR(robbins_monro(InverseTimeLR({.alpha = 0.01}), 1).sum_of_squares, 1e4 * rest, 1e-8);
  EXPECT_NEAR(1e4 * rest, 100.5017, 1e-4);
  EXPECT_NEAR(robbins_monro(InverseTimeLR({.alpha = 1}), 0.1).sum_of_squares,
              0.01 * std::numbers::pi * std::numbers::pi / 6, 1e-14);
  // sum_t (1 + t / 2)^-2 = 4 (pi^2 / 6 - 1), after 3 steps of warmup from 1/3.
  const double warmup = 1.0 / 9 + std::pow(5.0 / 9, 2) + std::pow(7.0 / 9, 2);
  EXPECT_NEAR(
      robbins_monro(WarmupLR(InverseTimeLR({.alpha = 0.5}), {.total_iters = 3}), 1).sum_of_squares,
      warmup + 4 * (std::numbers::pi * std::numbers::pi / 6 - 1), 1e-12);
}

TEST(RobbinsMonro, BoundsTheTravelOfStepDecay) {
  // 2 k eta0, and 4/3 k eta0^2.
  const RobbinsMonro verdict = robbins_monro(StepLR({.step_size = 4, .gamma = 0.5}), 1);
  EXPECT_EQ(verdict.travel, 8);
  EXPECT_DOUBLE_EQ(verdict.sum_of_squares, 16.0 / 3);
  // Subgradient descent on |x| from 10 cannot come closer than 2.
  const Tensor x = leaf({10});
  SGD sgd({x}, {.lr = 1});
  StepLR schedule(sgd, {.step_size = 4, .gamma = 0.5});
  for (int t = 0; t < 400; ++t) {
    sgd.zero_grad();
    abs(x).sum().backward();
    sgd.step();
    schedule.step();
  }
  EXPECT_DOUBLE_EQ(x.item(), 2);
}

TEST(RobbinsMonro, ScalesWithTheLearningRate) {
  const RobbinsMonro one = robbins_monro(PolynomialLR(), 1);
  const RobbinsMonro three = robbins_monro(PolynomialLR(), 3);
  EXPECT_DOUBLE_EQ(three.travel, 3 * one.travel);
  EXPECT_DOUBLE_EQ(three.sum_of_squares, 9 * one.sum_of_squares);
  for (const auto& [what, schedule, diverges, squares_converge] : rows()) {
    if (what.find("cyc") != std::string::npos || what.find("floor") != std::string::npos) continue;
    EXPECT_EQ(robbins_monro(*schedule, 0).travel, 0) << what;
  }
}

TEST(RobbinsMonro, DoesNotGuess) {
  const auto falling = [](std::int64_t t) { return 1 / (1 + static_cast<double>(t)); };
  const std::vector<Schedule> schedules{
      LambdaLR(falling),
      MultiplicativeLR(falling),
      WarmupLR(LambdaLR(falling), {.total_iters = 3}),
      ChainedScheduler({LambdaLR(falling), InverseTimeLR()}),
      // A floor is no factor: the product of the two is not what comes out.
      ChainedScheduler(
          {ExponentialLR({.gamma = 0.9}), CosineAnnealingLR({.T_max = 4, .eta_min = 1})}),
      ChainedScheduler({InverseTimeLR(), InverseTimeLR()}),
      CyclicLR({.max_lr = 1, .scale_fn = [](double) { return 1.0; }}),
  };
  for (std::size_t i = 0; i < schedules.size(); ++i) {
    const RobbinsMonro verdict = robbins_monro(*schedules[i], 0.1);
    EXPECT_FALSE(verdict.sum_diverges.has_value()) << i;
    EXPECT_FALSE(verdict.squares_converge.has_value()) << i;
    EXPECT_FALSE(verdict.satisfied()) << i;
    EXPECT_TRUE(std::isnan(verdict.travel)) << i;
  }
  EXPECT_NEAR(lr_sums(*schedules[0], 1, 100).travel, 5.187377517639621, 1e-12);
}

TEST(RobbinsMonro, RefusesEndlessSumsAndBadRates) {
  EXPECT_TRUE(fails_with<ValueError>(
      [] { robbins_monro(CosineAnnealingLR({.T_max = 1'000'000'000'000}), 1); },
      "robbins_monro: CosineAnnealingLR does not repeat before step 1000000000000"));
  EXPECT_TRUE(fails_with<ValueError>([] { robbins_monro(ConstantLR(), -1); },
                                     "robbins_monro: base_lr = -1"));
  EXPECT_TRUE(fails_with<ValueError>([] { lr_sums(ConstantLR(), 1, -1); }, "lr_sums: steps = -1"));
}

TEST(RobbinsMonro, ReadsAsASentence) {
  EXPECT_EQ(to_string(robbins_monro(InverseSqrtLR(), 1)),
            "sum of rates diverges: yes; sum of squares converges: no; travel inf, sum of squares "
            "inf");
}

// ---- scale_lr ----------------------------------------------------------------------------------

TEST(ScaleLR, FollowsItsRules) {
  const auto lr = [](LRScaling rule, std::int64_t from, std::int64_t to) {
    return scale_lr(0.1, {.from = from, .to = to, .rule = rule}).lr;
  };
  EXPECT_DOUBLE_EQ(lr(LRScaling::linear, 64, 1024), 1.6);
  EXPECT_DOUBLE_EQ(lr(LRScaling::sqrt, 64, 1024), 0.4);
  EXPECT_DOUBLE_EQ(lr(LRScaling::none, 64, 1024), 0.1);
  EXPECT_DOUBLE_EQ(lr(LRScaling::linear, 64, 48), 0.075);
  EXPECT_DOUBLE_EQ(lr(LRScaling::sqrt, 64, 16), 0.05);
}

TEST(ScaleLR, WarmsUpFromTheRateThatWasGiven) {
  const auto [lr, warmup] = scale_lr(0.1, {.from = 256, .to = 1024, .warmup_steps = 6});
  const WarmupLR schedule(ConstantLR(), warmup);
  EXPECT_DOUBLE_EQ(schedule.lr(0, lr), 0.1);
  EXPECT_DOUBLE_EQ(schedule.lr(3, lr), 0.25);
  EXPECT_DOUBLE_EQ(schedule.lr(6, lr), 0.4);
  const ScaledLR smaller = scale_lr(0.1, {.from = 256, .to = 64, .warmup_steps = 6});
  EXPECT_DOUBLE_EQ(WarmupLR(ConstantLR(), smaller.warmup).lr(0, smaller.lr), 0.025);
}

TEST(ScaleLR, RefusesBadOptions) {
  EXPECT_TRUE(fails_with<ValueError>([] { scale_lr(-1, {.from = 1, .to = 1}); }, "scale_lr: lr"));
  EXPECT_TRUE(fails_with<ValueError>([] { scale_lr(1, {.from = 0, .to = 1}); }, "scale_lr: from"));
  EXPECT_TRUE(fails_with<ValueError>([] { scale_lr(1, {.from = 1, .to = 0}); }, "scale_lr: to"));
  EXPECT_TRUE(fails_with<ValueError>([] { scale_lr(1, {.from = 1, .to = 1, .warmup_steps = -1}); },
                                     "scale_lr: warmup_steps"));
}

// ---- GrowBatch ---------------------------------------------------------------------------------

TEST(GrowBatch, GrowsTheBatchByWhatTheRateWouldFall) {
  const GrowBatch schedule(StepLR({.step_size = 30, .gamma = 0.2}),
                           {.batch_size = 128, .max_batch_size = 6400});
  EXPECT_EQ(schedule.batch_size(0), 128);
  EXPECT_EQ(schedule.batch_size(29), 128);
  EXPECT_EQ(schedule.batch_size(30), 640);
  EXPECT_EQ(schedule.batch_size(60), 3200);
  EXPECT_EQ(schedule.batch_size(90), 6400);
  EXPECT_DOUBLE_EQ(schedule.lr(60, 0.1), 0.1);
  EXPECT_DOUBLE_EQ(schedule.lr(90, 0.1), 0.1 * 50.0 / 125) << "the rest is up to the rate";
}

TEST(GrowBatch, KeepsTheRatioOfRateAndBatchSizeOfItsSchedule) {
  const InverseTimeLR falling({.alpha = 0.3});
  const GrowBatch schedule(falling, {.batch_size = 10, .max_batch_size = 57});
  for (std::int64_t t = 0; t < 40; ++t) {
    EXPECT_DOUBLE_EQ(schedule.lr(t, 0.2) / static_cast<double>(schedule.batch_size(t)),
                     falling.lr(t, 0.2) / 10);
    EXPECT_LE(schedule.batch_size(t), 57);
  }
  const GrowBatch to_zero(LinearLR({.end_factor = 0, .total_iters = 4}),
                          {.batch_size = 10, .max_batch_size = 57});
  EXPECT_EQ(to_zero.batch_size(4), 57);
  EXPECT_EQ(to_zero.lr(4, 1), 0);
  const GrowBatch rising(LinearLR(), {.batch_size = 10, .max_batch_size = 57});
  EXPECT_EQ(rising.batch_size(5), 10) << "a warmup does not shrink the batch";
}

TEST(GrowBatch, FollowsAnOptimizerAndResumes) {
  const auto make = [](SGD& sgd) {
    return GrowBatch(sgd, StepLR({.step_size = 2, .gamma = 0.5}),
                     {.batch_size = 8, .max_batch_size = 100});
  };
  const Tensor p = leaf({1});
  SGD sgd({p}, {.lr = 0.4});
  GrowBatch schedule = make(sgd);
  std::vector<std::int64_t> sizes;
  for (int t = 0; t < 5; ++t) {
    sizes.push_back(schedule.batch_size());
    p.set_grad(leaf({1}).detach());
    sgd.step();
    schedule.step();
  }
  EXPECT_EQ(sizes, (std::vector<std::int64_t>{8, 8, 16, 16, 32}));
  SGD other({leaf({1})}, {.lr = 0.4});
  GrowBatch resumed = make(other);
  resumed.load_state_dict(schedule.state_dict());
  EXPECT_EQ(resumed.batch_size(), 32);
  EXPECT_EQ(other.lr(), 0.4);
  EXPECT_TRUE(fails_with<ValueError>(
      [] { GrowBatch(ConstantLR(), {.batch_size = 8, .max_batch_size = 7}); },
      "GrowBatch: max_batch_size = 7: expected a value >= 8"));
}

}  // namespace
}  // namespace tarn::optim
