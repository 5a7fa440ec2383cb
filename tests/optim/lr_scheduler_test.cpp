#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/optim/cosine_annealing_lr.h>
#include <tarn/optim/inverse_time_lr.h>
#include <tarn/optim/lr_scheduler.h>
#include <tarn/optim/sgd.h>
#include <tarn/optim/step_lr.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>

#include "../tensor/expect_error.h"
#include "heavy_ball.h"
#include "leaves.h"
#include "warnings.h"

namespace tarn::optim {
namespace {

using testing::fails_with;
using testing::HeavyBall;
using testing::leaf;
using testing::Warnings;

/// A schedule as a user writes it: linear warmup over `steps`.
class Warmup : public LRScheduler {
 public:
  explicit Warmup(double steps) : LRScheduler("Warmup"), steps_(steps) {}
  Warmup(Optimizer& optimizer, double steps) : Warmup(steps) { attach(optimizer); }

 private:
  double value(std::int64_t t, double base_lr, std::size_t) const override {
    return base_lr * std::min(1.0, static_cast<double>(t + 1) / steps_);
  }

  double steps_;
};

SGD two_groups() {
  return SGD({{.params = {leaf({1})}, .lr = 0.5}, {.params = {leaf({1})}}}, {.lr = 0.25});
}

std::vector<double> lrs(const Optimizer& optimizer) {
  std::vector<double> result;
  for (const ParamGroup& group : optimizer.param_groups()) result.push_back(group.lr);
  return result;
}

void step(Optimizer& optimizer) {
  for (const ParamGroup& group : optimizer.param_groups()) {
    for (const Tensor& p : group.params) p.set_grad(zeros_like(p));
  }
  optimizer.step();
}

TEST(LRScheduler, SetsEveryGroupFromItsOwnBase) {
  SGD sgd = two_groups();
  StepLR schedule(sgd, {.step_size = 2, .gamma = 0.5});
  std::vector<std::vector<double>> seen;
  for (int t = 0; t < 5; ++t) {
    seen.push_back(lrs(sgd));
    EXPECT_EQ(schedule.get_last_lr(), seen.back());
    EXPECT_EQ(schedule.last_epoch(), t);
    step(sgd);
    schedule.step();
  }
  EXPECT_EQ(seen, (std::vector<std::vector<double>>{
                      {0.5, 0.25}, {0.5, 0.25}, {0.25, 0.125}, {0.25, 0.125}, {0.125, 0.0625}}));
}

TEST(LRScheduler, SetsTheFirstValueWhenItIsAttached) {
  SGD sgd = two_groups();
  const Warmup schedule(sgd, 4);
  EXPECT_EQ(lrs(sgd), (std::vector<double>{0.125, 0.0625}));
}

TEST(LRScheduler, IsAFunctionWithoutAnOptimizer) {
  const Warmup schedule(4);
  EXPECT_EQ(schedule.lr(0, 1), 0.25);
  EXPECT_EQ(schedule.lr(100, 1), 1);
}

TEST(LRScheduler, WorksWithAUsersOptimizer) {
  HeavyBall ball({leaf({1})}, {.lr = 0.5});
  InverseTimeLR schedule(ball, {.alpha = 1});
  step(ball);
  schedule.step();
  EXPECT_EQ(ball.lr(), 0.25);
}

TEST(LRScheduler, TakesGroupsThatAreAddedLaterAlong) {
  SGD sgd({leaf({1})}, {.lr = 0.5});
  InverseTimeLR schedule(sgd, {.alpha = 1});
  step(sgd);
  schedule.step();
  sgd.add_param_group({.params = {leaf({1})}, .lr = 0.75});
  EXPECT_EQ(schedule.get_last_lr(), (std::vector<double>{0.25}));
  schedule.step();
  EXPECT_EQ(lrs(sgd), (std::vector<double>{0.5 / 3, 0.25}));
}

TEST(LRScheduler, CannotFollowTwoOptimizersOrStepWithoutOne) {
  SGD a({leaf({1})}, {.lr = 0.5});
  SGD b({leaf({1})}, {.lr = 0.5});
  Warmup schedule(4);
  EXPECT_TRUE(fails_with<ValueError>([&] { schedule.step(); },
                                     "Warmup: step: there is no optimizer", {"attach()"}));
  EXPECT_TRUE(
      fails_with<ValueError>([&] { schedule.get_last_lr(); }, "Warmup: get_last_lr: there is no"));
  EXPECT_TRUE(
      fails_with<ValueError>([&] { schedule.state_dict(); }, "Warmup: state_dict: there is no"));
  schedule.attach(a);
  EXPECT_TRUE(fails_with<ValueError>([&] { schedule.attach(b); }, "Warmup: attach: it belongs to"));
  EXPECT_EQ(b.lr(), 0.5);
}

TEST(LRScheduler, RefusesToSetALearningRateThatMakesNoSense) {
  class Broken : public LRScheduler {
   public:
    Broken() : LRScheduler("Broken") {}
    double value(std::int64_t t, double base_lr, std::size_t) const override {
      return t < 2 ? base_lr : std::numeric_limits<double>::quiet_NaN();
    }
  };
  SGD sgd({leaf({1})}, {.lr = 0.5});
  Broken schedule;
  schedule.attach(sgd);
  step(sgd);
  schedule.step();
  EXPECT_TRUE(fails_with<ValueError>([&] { schedule.step(); },
                                     "Broken: lr(2, 0.5) = nan: expected a finite value >= 0"));
  EXPECT_EQ(sgd.lr(), 0.5);
  EXPECT_EQ(schedule.last_epoch(), 1);
}

TEST(LRScheduler, CanBeAttachedAgainAfterAFailure) {
  class Negative : public LRScheduler {
   public:
    Negative() : LRScheduler("Negative") {}
    double value(std::int64_t, double base_lr, std::size_t) const override {
      return sign * base_lr;
    }
    double sign = -1;
  };
  SGD sgd({leaf({1})}, {.lr = 0.5});
  Negative schedule;
  EXPECT_TRUE(fails_with<ValueError>([&] { schedule.attach(sgd); }, "Negative: lr(0, 0.5) = -0.5"));
  EXPECT_EQ(sgd.lr(), 0.5);
  schedule.sign = 1;
  schedule.attach(sgd);
  EXPECT_EQ(schedule.get_last_lr(), (std::vector<double>{0.5}));
}

// ---- order -------------------------------------------------------------------------------------

TEST(LRSchedulerOrder, WarnsOnceWhenSteppedBeforeTheOptimizer) {
  SGD sgd({leaf({1})}, {.lr = 0.5});
  InverseTimeLR schedule(sgd);
  const Warnings warnings;
  schedule.step();
  schedule.step();
  ASSERT_EQ(Warnings::texts().size(), 1U);
  EXPECT_TRUE(Warnings::texts()[0].starts_with(
      "InverseTimeLR: step() was called before the first step() of SGD"));
}

TEST(LRSchedulerOrder, DoesNotWarnWhenTheOptimizerSteppedFirst) {
  SGD sgd({leaf({1})}, {.lr = 0.5});
  step(sgd);
  InverseTimeLR schedule(sgd);
  step(sgd);
  const Warnings warnings;
  schedule.step();
  schedule.step();
  EXPECT_TRUE(Warnings::texts().empty());
}

TEST(LRSchedulerOrder, CountsStepsFromAttachOn) {
  SGD sgd({leaf({1})}, {.lr = 0.5});
  step(sgd);
  InverseTimeLR schedule(sgd);
  const Warnings warnings;
  schedule.step();
  EXPECT_EQ(Warnings::texts().size(), 1U);
}

// ---- saving ------------------------------------------------------------------------------------

TEST(LRSchedulerStateDict, ResumesWithTheSameValues) {
  SGD through = two_groups();
  CosineAnnealingLR whole(through, {.T_max = 10, .eta_min = 0.01});
  SGD resumed = two_groups();
  CosineAnnealingLR second(resumed, {.T_max = 10, .eta_min = 0.01});
  step(through);
  for (int t = 0; t < 4; ++t) whole.step();
  resumed.load_state_dict(through.state_dict());
  second.load_state_dict(whole.state_dict());
  for (int t = 0; t < 8; ++t) {
    EXPECT_EQ(lrs(resumed), lrs(through));
    EXPECT_EQ(second.last_epoch(), whole.last_epoch());
    whole.step();
    second.step();
  }
}

TEST(LRSchedulerStateDict, KnowsTheBaseEvenIfAttachedToADecayedOptimizer) {
  SGD through = two_groups();
  StepLR whole(through, {.step_size = 1, .gamma = 0.5});
  step(through);
  whole.step();
  SGD resumed = two_groups();
  resumed.load_state_dict(through.state_dict());
  StepLR second(resumed, {.step_size = 1, .gamma = 0.5});  // takes 0.25 and 0.125 for the base
  second.load_state_dict(whole.state_dict());
  EXPECT_EQ(lrs(resumed), (std::vector<double>{0.25, 0.125}));
  second.step();
  EXPECT_EQ(lrs(resumed), (std::vector<double>{0.125, 0.0625}));
}

TEST(LRSchedulerStateDict, RefusesWhatAnotherScheduleWrote) {
  SGD sgd = two_groups();
  StepLR schedule(sgd, {.step_size = 1, .gamma = 0.5});
  step(sgd);
  schedule.step();
  const std::vector<double> before = lrs(sgd);

  SGD other = two_groups();
  const InverseTimeLR inverse(other);
  EXPECT_TRUE(fails_with<ValueError>([&] { schedule.load_state_dict(inverse.state_dict()); },
                                     "StepLR: checkpoint was written by InverseTimeLR (2 groups), "
                                     "loading into StepLR (2 groups)"));

  SGD one({leaf({1})}, {.lr = 0.5});
  const StepLR single(one, {.step_size = 1, .gamma = 0.5});
  EXPECT_TRUE(fails_with<ValueError>(
      [&] { schedule.load_state_dict(single.state_dict()); },
      "StepLR: checkpoint was written by StepLR (1 group), loading into StepLR (2 groups)"));

  SGD third = two_groups();
  StepLR faster(third, {.step_size = 1, .gamma = 0.25});
  step(third);
  faster.step();
  EXPECT_TRUE(fails_with<ValueError>([&] { schedule.load_state_dict(faster.state_dict()); },
                                     "StepLR: load_state_dict: lr(1, 0.5) is 0.25 but was 0.125",
                                     {"expected the options that it was saved with"}));

  StateDict broken = schedule.state_dict();
  broken.set("last_lr.1",
             scalar_tensor(std::numeric_limits<double>::quiet_NaN(), {.dtype = kFloat64}));
  EXPECT_TRUE(fails_with<ValueError>([&] { schedule.load_state_dict(broken); },
                                     "StepLR: load_state_dict: lr(1, 0.25) is 0.125 but was"));
  EXPECT_TRUE(fails_with<ValueError>([&] { schedule.load_state_dict({}); },
                                     "StepLR: load_state_dict: there is no entry \"class\""));
  EXPECT_EQ(lrs(sgd), before);
  EXPECT_EQ(schedule.last_epoch(), 1);
}

}  // namespace
}  // namespace tarn::optim
