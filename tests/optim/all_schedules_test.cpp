#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/optim/optim.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>

#include "../tensor/expect_error.h"
#include "leaves.h"
#include "warnings.h"

// What schedules do beyond their numbers: momentum, parts, saving, bad arguments. The numbers:
// pytorch_schedules_test.cpp.
namespace tarn::optim {
namespace {

using testing::fails_with;
using testing::leaf;
using testing::Warnings;

std::vector<Schedule> one_of_each() {
  const auto falling = [](std::int64_t t) { return 1 / (1 + static_cast<double>(t)); };
  return {
      ConstantLR(),
      CosineAnnealingLR({.T_max = 10}),
      InverseSqrtLR(),
      InverseTimeLR(),
      StepLR({.step_size = 2}),
      LambdaLR(falling),
      MultiplicativeLR(falling),
      MultiStepLR({.milestones = {1, 3}}),
      LinearLR(),
      ExponentialLR({.gamma = 0.5}),
      PolynomialLR(),
      CosineAnnealingWarmRestarts({.T_0 = 3}),
      CyclicLR({.base_lr = 0.1, .max_lr = 1, .step_size_up = 3}),
      OneCycleLR({.max_lr = 1, .total_steps = 20}),
      SequentialLR({LinearLR(), InverseSqrtLR()}, {.milestones = {4}}),
      ChainedScheduler({LinearLR(), ExponentialLR({.gamma = 0.9})}),
      WarmupLR(InverseSqrtLR(), {.total_iters = 4}),
  };
}

// A schedule as a user might attach it, though it came as a part.
class Follow : public LRScheduler {
 public:
  Follow(Optimizer& optimizer, Schedule schedule)
      : LRScheduler(schedule->name()), schedule_(std::move(schedule)) {
    attach(optimizer);
  }
  std::optional<double> momentum_value(std::int64_t t, std::size_t group) const override {
    return schedule_->momentum(t, group);
  }

 private:
  double value(std::int64_t t, double base_lr, std::size_t group) const override {
    return schedule_->lr(t, base_lr, group);
  }

  Schedule schedule_;
};

void step(Optimizer& optimizer) {
  for (const ParamGroup& group : optimizer.param_groups()) {
    for (const Tensor& p : group.params) p.set_grad(zeros_like(p));
  }
  optimizer.step();
}

TEST(AllSchedules, RefuseNegativeTimesAndRatesThatMakeNoSense) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const Schedule& schedule : one_of_each()) {
    EXPECT_TRUE(fails_with<ValueError>([&] { schedule->lr(-1, 1); },
                                       schedule->name() + ": lr(-1, 1)", {"expected t >= 0"}));
    const bool own_rates = schedule->name() == "CyclicLR" || schedule->name() == "OneCycleLR";
    if (own_rates) continue;
    EXPECT_THROW(schedule->lr(3, nan), ValueError) << schedule->name();
    EXPECT_THROW(schedule->lr(3, -1), ValueError) << schedule->name();
  }
}

TEST(AllSchedules, ArePureFunctions) {
  for (const Schedule& schedule : one_of_each()) {
    const double late = schedule->lr(7, 0.5);
    const double early = schedule->lr(2, 0.5);
    EXPECT_EQ(schedule->lr(7, 0.5), late) << schedule->name();
    EXPECT_EQ(schedule->lr(2, 0.5), early) << schedule->name();
    if (schedule->name() == "MultiplicativeLR") continue;  // would call its function t times
    EXPECT_TRUE(std::isfinite(schedule->lr(std::int64_t{1} << 40, 0.5))) << schedule->name();
  }
}

TEST(AllSchedules, ResumeWithTheSameValues) {
  for (const Schedule& schedule : one_of_each()) {
    SCOPED_TRACE(schedule->name());
    SGD through({leaf({1})}, {.lr = 0.5, .momentum = 0.5});
    Follow whole(through, schedule);
    for (int t = 0; t < 5; ++t) {
      step(through);
      whole.step();
    }
    SGD resumed({leaf({1})}, {.lr = 0.5, .momentum = 0.5});
    Follow second(resumed, schedule);
    resumed.load_state_dict(through.state_dict().clone());
    second.load_state_dict(whole.state_dict().clone());
    for (int t = 0; t < 8; ++t) {
      EXPECT_EQ(resumed.lr(), through.lr());
      EXPECT_EQ(resumed.param_groups()[0].option("momentum"),
                through.param_groups()[0].option("momentum"));
      whole.step();
      second.step();
    }
  }
}

// ---- several things that set one learning rate -------------------------------------------------

TEST(LRSchedulerChaining, KeepsWhatOthersDidToTheLearningRateAsAFactor) {
  SGD sgd({leaf({1})}, {.lr = 1});
  InverseTimeLR schedule(sgd, {.alpha = 1});
  step(sgd);
  schedule.step();
  sgd.set_lr(sgd.lr() * 0.5);
  schedule.step();
  EXPECT_DOUBLE_EQ(sgd.lr(), 0.5 / 3);
  schedule.step();
  EXPECT_DOUBLE_EQ(sgd.lr(), 0.5 / 4);
}

TEST(LRSchedulerChaining, LetsReduceLROnPlateauWorkBesideASchedule) {
  SGD sgd({leaf({1})}, {.lr = 1});
  WarmupLR warmup(sgd, ConstantLR(), {.total_iters = 2, .start_factor = 0.5});
  ReduceLROnPlateau plateau(sgd, {.factor = 0.5, .patience = 0});
  step(sgd);
  plateau.step(1);
  plateau.step(1);
  warmup.step();
  warmup.step();
  warmup.step();
  EXPECT_DOUBLE_EQ(sgd.lr(), 0.5);
}

TEST(LRSchedulerChaining, ResumesTwoSchedulesInTheOrderInWhichTheyStep) {
  const auto steps = [](SGD& sgd, LinearLR& first, StepLR& second, int count) {
    std::vector<double> lrs;
    for (int i = 0; i < count; ++i) {
      step(sgd);
      first.step();
      second.step();
      lrs.push_back(sgd.lr());
    }
    return lrs;
  };
  SGD a({leaf({1})}, {.lr = 1});
  LinearLR a1(a, {.total_iters = 8});
  StepLR a2(a, {.step_size = 3});
  steps(a, a1, a2, 4);
  SGD b({leaf({1})}, {.lr = 1});
  LinearLR b1(b, {.total_iters = 8});
  StepLR b2(b, {.step_size = 3});
  b.load_state_dict(a.state_dict().clone());
  b1.load_state_dict(a1.state_dict().clone());
  b2.load_state_dict(a2.state_dict().clone());
  EXPECT_EQ(b.lr(), a.lr());
  EXPECT_EQ(steps(b, b1, b2, 6), steps(a, a1, a2, 6));
}

// ---- momentum ----------------------------------------------------------------------------------

TEST(ScheduleMomentum, IsSetWithTheLearningRate) {
  SGD sgd({{.params = {leaf({1})}}, {.params = {leaf({1})}}}, {.lr = 0.5, .momentum = 0.3});
  OneCycleLR schedule(sgd, {.max_lr = 1, .total_steps = 11, .pct_start = 0.5});
  EXPECT_EQ(sgd.param_groups()[1].option("momentum"), 0.95);
  for (int t = 0; t < 5; ++t) {
    step(sgd);
    schedule.step();
  }
  EXPECT_LT(sgd.param_groups()[1].option("momentum"), 0.86);
  for (int t = 0; t < 20; ++t) schedule.step();
  EXPECT_DOUBLE_EQ(sgd.param_groups()[0].option("momentum"), 0.95);
  EXPECT_DOUBLE_EQ(sgd.lr(), 1.0 / 25 / 1e4) << "it stays at its end";
}

TEST(ScheduleMomentum, IsBeta1OfAdam) {
  Adam adam({leaf({1})}, {.lr = 0.5});
  const CyclicLR schedule(adam, {.base_lr = 0.1, .max_lr = 1, .max_momentum = 0.85});
  EXPECT_EQ(adam.param_groups()[0].option("beta1"), 0.85);
  EXPECT_EQ(adam.lr(), 0.1);
}

TEST(ScheduleMomentum, NeedsAnOptimizerThatHasOne) {
  Adagrad adagrad({leaf({1})}, {.lr = 0.5});
  EXPECT_TRUE(fails_with<ValueError>([&] { CyclicLR s(adagrad, {.base_lr = 0.1, .max_lr = 1}); },
                                     "param group: there is no option \"momentum\""));
  EXPECT_EQ(adagrad.lr(), 0.5);
  const CyclicLR schedule(adagrad, {.base_lr = 0.1, .max_lr = 1, .cycle_momentum = false});
  EXPECT_EQ(adagrad.lr(), 0.1);
}

TEST(ScheduleMomentum, IsThatOfEachGroup) {
  SGD sgd({{.params = {leaf({1})}}, {.params = {leaf({1})}}}, {.lr = 0.5, .momentum = 0.5});
  const CyclicLR cyclic({.base_lr = 0.1, .max_lr = 1, .max_momentum = {0.9, 0.8}});
  WarmupLR schedule(sgd, SequentialLR({cyclic, ChainedScheduler({cyclic})}, {.milestones = {3}}),
                    {.total_iters = 1});
  for (int t = 0; t < 6; ++t) {
    EXPECT_EQ(sgd.param_groups()[0].option("momentum"), schedule.momentum(t, 0));
    EXPECT_EQ(sgd.param_groups()[1].option("momentum"), schedule.momentum(t, 1));
    schedule.step();
  }
  EXPECT_EQ(schedule.momentum(0, 0), 0.9);
  EXPECT_EQ(schedule.momentum(0, 1), 0.8);
  EXPECT_TRUE(fails_with<ValueError>([&] { schedule.momentum(0, 2); },
                                     "schedule: there are 2 values but none for group 2"));
  EXPECT_TRUE(fails_with<ValueError>([&] { schedule.momentum(-1); }, "WarmupLR: momentum(-1)"));
}

TEST(ScheduleMomentum, GoesThroughComposites) {
  const CyclicLR cyclic({.base_lr = 0.1, .max_lr = 1});
  EXPECT_EQ(SequentialLR({ConstantLR(), cyclic}, {.milestones = {3}}).momentum(2), std::nullopt);
  EXPECT_EQ(SequentialLR({ConstantLR(), cyclic}, {.milestones = {3}}).momentum(3), 0.9);
  EXPECT_EQ(ChainedScheduler({cyclic, ConstantLR()}).momentum(0), 0.9);
  EXPECT_EQ(WarmupLR(cyclic, {.total_iters = 7}).momentum(2), 0.9);
}

// ---- parts -------------------------------------------------------------------------------------

TEST(CyclicLR, TakesTheGroupsOwnRatesUnlessToldOtherwise) {
  EXPECT_EQ(CyclicLR({.max_lr = 1}).lr(0, 0.25), 0.25);
  EXPECT_NEAR(OneCycleLR({.total_steps = 10}).lr(0, 0.5), 0.5 / 25, 1e-16);
}

TEST(OneCycleLR, TakesTheShortestCycles) {
  for (const double pct_start : {0.0, 0.5, 1.0}) {
    for (const std::int64_t total : {1, 2, 3}) {
      for (const bool three_phase : {false, true}) {
        const OneCycleLR schedule({.max_lr = 1,
                                   .total_steps = total,
                                   .pct_start = pct_start,
                                   .three_phase = three_phase});
        for (std::int64_t t = 0; t < 5; ++t) EXPECT_LE(schedule.lr(t, 1), 1.0000001);
      }
    }
  }
}

TEST(WarmupLR, RisesToWhereTheScheduleBegins) {
  const WarmupLR schedule(InverseSqrtLR(), {.total_iters = 4, .start_factor = 0.5});
  const std::vector<double> expected = {0.5, 0.625, 0.75, 0.875, 1, std::sqrt(0.5)};
  for (std::size_t t = 0; t < expected.size(); ++t) {
    EXPECT_DOUBLE_EQ(schedule.lr(static_cast<std::int64_t>(t), 1), expected[t]);
  }
  EXPECT_EQ(WarmupLR(ConstantLR(), {.total_iters = 0}).lr(0, 1), 1);
}

TEST(Schedule, TakesWhatMakeScheduleReturns) {
  SGD sgd({leaf({1})}, {.lr = 1});
  const WarmupLR schedule(sgd, make_schedule("cosine", {.T_max = 5}), {.total_iters = 5});
  EXPECT_DOUBLE_EQ(sgd.lr(), 1.0 / 3);
}

TEST(Schedule, RefusesAPartThatIsNoneOrHasAnOptimizer) {
  SGD sgd({leaf({1})}, {.lr = 1});
  const LinearLR attached(sgd);
  EXPECT_TRUE(fails_with<ValueError>([&] { const ChainedScheduler chained({attached}); },
                                     "LinearLR: it is attached to an optimizer"));
  EXPECT_TRUE(fails_with<ValueError>([&] { const Schedule none(std::unique_ptr<StepLR>{}); },
                                     "Schedule: the pointer is null"));
}

TEST(AllSchedules, RefuseOptionsOutsideTheirRanges) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto refuses = [](auto make, std::string_view message) {
    return fails_with<ValueError>(make, message);
  };
  EXPECT_TRUE(refuses([] { LambdaLR(LRLambda{}); }, "LambdaLR: lr_lambda is empty"));
  EXPECT_TRUE(
      refuses([] { MultiplicativeLR(LRLambda{}); }, "MultiplicativeLR: lr_lambda is empty"));
  EXPECT_TRUE(refuses(
      [] {
        MultiStepLR({.milestones = {3, -1}});
      },
      "MultiStepLR: milestone = -1: expected a value >= 0"));
  EXPECT_TRUE(refuses([] { LinearLR({.start_factor = 1.5}); },
                      "LinearLR: start_factor = 1.5: expected a value in 0..1"));
  EXPECT_TRUE(refuses([&] { LinearLR({.end_factor = nan}); }, "LinearLR: end_factor = nan"));
  EXPECT_TRUE(refuses([] { LinearLR({.total_iters = 0}); }, "LinearLR: total_iters = 0"));
  EXPECT_TRUE(refuses([&] { ExponentialLR({.gamma = nan}); }, "ExponentialLR: gamma = nan"));
  EXPECT_TRUE(refuses([] { PolynomialLR({.power = -1}); }, "PolynomialLR: power = -1"));
  EXPECT_TRUE(refuses([] { CosineAnnealingWarmRestarts({.T_0 = 0}); },
                      "CosineAnnealingWarmRestarts: T_0 = 0"));
  EXPECT_TRUE(refuses([] { CosineAnnealingWarmRestarts({.T_0 = 1, .T_mult = 0}); },
                      "CosineAnnealingWarmRestarts: T_mult = 0"));
  EXPECT_TRUE(refuses([] { CyclicLR({.max_lr = -1}); }, "CyclicLR: max_lr = -1"));
  EXPECT_TRUE(
      refuses([] { CyclicLR({.max_lr = 1, .step_size_up = 0}); }, "CyclicLR: step_size_up = 0"));
  EXPECT_TRUE(refuses([] { OneCycleLR({.max_lr = 1}); }, "OneCycleLR: epochs = 0"));
  EXPECT_TRUE(
      refuses([] { OneCycleLR({.epochs = std::int64_t{1} << 40, .steps_per_epoch = 1 << 30}); },
              "OneCycleLR: 1099511627776 epochs of 1073741824 steps"));
  EXPECT_TRUE(refuses([] { OneCycleLR({.total_steps = 5, .pct_start = 2}); },
                      "OneCycleLR: pct_start = 2: expected a value in 0..1"));
  EXPECT_TRUE(refuses([] { OneCycleLR({.total_steps = 5, .div_factor = 0}); },
                      "OneCycleLR: div_factor = 0: expected a finite value > 0"));
  EXPECT_TRUE(refuses([] { SequentialLR({StepLR({.step_size = 1})}, {.milestones = {3}}); },
                      "SequentialLR: 1 schedules and 1 milestones"));
  EXPECT_TRUE(refuses(
      [] {
        SequentialLR({LinearLR(), LinearLR(), LinearLR()}, {.milestones = {3, 3}});
      },
      "SequentialLR: milestone = 3: expected a value >= 4"));
  EXPECT_TRUE(refuses([] { ChainedScheduler({}); }, "ChainedScheduler: expected at least one"));
  EXPECT_TRUE(
      refuses([] { WarmupLR(LinearLR(), {.total_iters = -1}); }, "WarmupLR: total_iters = -1"));
}

// ---- ReduceLROnPlateau -------------------------------------------------------------------------

TEST(ReduceLROnPlateau, CountsNanAsNoImprovement) {
  SGD sgd({leaf({1})}, {.lr = 1});
  ReduceLROnPlateau plateau(sgd, {.factor = 0.5, .patience = 1});
  plateau.step(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(plateau.get_last_lr(), (std::vector<double>{1}));
  plateau.step(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(plateau.get_last_lr(), (std::vector<double>{0.5}));
  EXPECT_EQ(plateau.last_epoch(), 2);
}

TEST(ReduceLROnPlateau, ResumesWithTheSameValues) {
  SGD a({leaf({1})}, {.lr = 1});
  SGD b({leaf({1})}, {.lr = 1});
  const ReduceLROnPlateauOptions options{.factor = 0.5, .patience = 2, .cooldown = 2};
  ReduceLROnPlateau whole(a, options);
  ReduceLROnPlateau second(b, options);
  for (int t = 0; t < 30; ++t) {
    if (t == 5) {
      b.load_state_dict(a.state_dict().clone());
      second.load_state_dict(whole.state_dict().clone());
    }
    whole.step(1);
    if (t >= 5) {
      second.step(1);
      EXPECT_EQ(b.lr(), a.lr()) << t;
    }
  }
  EXPECT_LT(a.lr(), 0.1);
  const InverseTimeLR other(b);
  EXPECT_TRUE(fails_with<ValueError>([&] { second.load_state_dict(other.state_dict()); },
                                     "ReduceLROnPlateau: checkpoint was written by InverseTimeLR"));
}

TEST(ReduceLROnPlateau, RefusesOptionsOutsideTheirRanges) {
  SGD sgd({leaf({1})}, {.lr = 1});
  EXPECT_TRUE(
      fails_with<ValueError>([&] { ReduceLROnPlateau p(sgd, {.factor = 1}); },
                             "ReduceLROnPlateau: factor = 1: expected a value >= 0 and < 1"));
  EXPECT_TRUE(fails_with<ValueError>([&] { ReduceLROnPlateau p(sgd, {.patience = -1}); },
                                     "ReduceLROnPlateau: patience = -1"));
}

}  // namespace
}  // namespace tarn::optim
