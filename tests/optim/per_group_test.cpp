#include <vector>

#include <gtest/gtest.h>

#include <tarn/optim/optim.h>
#include <tarn/tensor/error.h>

#include "../tensor/expect_error.h"
#include "leaves.h"

namespace tarn::optim {
namespace {

using testing::fails_with;
using testing::leaf;

SGD two_groups() {
  return SGD(std::vector<ParamGroup>{{.params = {leaf({1})}, .lr = 0.5},
                                     {.params = {leaf({2})}, .lr = 0.2}},
             {.momentum = 0.9});
}

// Steps `schedule` and compares each group with a schedule of its own.
void expect_groups(LRScheduler& schedule, const std::vector<Schedule>& own) {
  for (std::int64_t t = 0; t < 30; ++t) {
    EXPECT_EQ(schedule.get_last_lr(),
              (std::vector<double>{own[0]->lr(t, 0.5), own[1]->lr(t, 0.2)}));
    schedule.step();
  }
}

TEST(PerGroup, GivesEachGroupItsPeakInOneCycleLR) {
  SGD sgd = two_groups();
  OneCycleLR schedule(sgd, {.max_lr = {1.0, 0.1}, .total_steps = 20});
  expect_groups(schedule, {OneCycleLR({.max_lr = 1.0, .total_steps = 20}),
                           OneCycleLR({.max_lr = 0.1, .total_steps = 20})});
}

TEST(PerGroup, GivesEachGroupItsFloorAndPeakInCyclicLR) {
  SGD sgd = two_groups();
  CyclicLR schedule(sgd, {.base_lr = {0.1, 0.01}, .max_lr = {1.0, 0.1}, .step_size_up = 4});
  expect_groups(schedule, {CyclicLR({.base_lr = 0.1, .max_lr = 1.0, .step_size_up = 4}),
                           CyclicLR({.base_lr = 0.01, .max_lr = 0.1, .step_size_up = 4})});
}

TEST(PerGroup, GivesEachGroupItsFunction) {
  const auto half = [](std::int64_t t) { return t == 0 ? 1.0 : 0.5; };
  const auto slow = [](std::int64_t t) { return 1.0 / static_cast<double>(t + 1); };
  SGD a = two_groups();
  LambdaLR lambda(a, {half, slow});
  expect_groups(lambda, {LambdaLR(half), LambdaLR(slow)});
  SGD b = two_groups();
  MultiplicativeLR product(b, {half, slow});
  expect_groups(product, {MultiplicativeLR(half), MultiplicativeLR(slow)});
}

TEST(PerGroup, ReachesThePartsOfOtherSchedules) {
  SGD sgd = two_groups();
  const OneCycleLR both({.max_lr = {1.0, 0.1}, .total_steps = 20});
  SequentialLR schedule(sgd, {WarmupLR(both, {.total_iters = 3}), ChainedScheduler({both})},
                        {.milestones = {10}});
  const auto own = [](double max_lr) {
    const OneCycleLR one({.max_lr = max_lr, .total_steps = 20});
    return SequentialLR({WarmupLR(one, {.total_iters = 3}), ChainedScheduler({one})},
                        {.milestones = {10}});
  };
  expect_groups(schedule, {own(1.0), own(0.1)});
}

TEST(PerGroup, GivesEachGroupItsLeastRateOnAPlateau) {
  SGD sgd = two_groups();
  ReduceLROnPlateau plateau(sgd, {.factor = 0.1, .patience = 0, .min_lr = {0.3, 0.01}});
  plateau.step(1);
  plateau.step(1);
  plateau.step(1);
  EXPECT_EQ(plateau.get_last_lr(), (std::vector<double>{0.3, 0.01}));
}

TEST(PerGroup, RefusesAGroupWithoutAValueAndLeavesTheOptimizerAsItWas) {
  SGD sgd(
      std::vector<ParamGroup>{
          {.params = {leaf({1})}}, {.params = {leaf({2})}}, {.params = {leaf({3})}}},
      {.lr = 0.5, .momentum = 0.9});
  EXPECT_TRUE(fails_with<ValueError>(
      [&] {
        OneCycleLR(sgd, {.max_lr = {1.0, 0.1}, .total_steps = 20});
      },
      "schedule: there are 2 values but none for group 2"));
  EXPECT_EQ(sgd.lr(), 0.5);
  EXPECT_TRUE(fails_with<ValueError>(
      [] {
        OneCycleLR({.max_lr = {1.0, -1.0}, .total_steps = 9});
      },
      "OneCycleLR: max_lr = -1: expected a finite value >= 0"));
}

}  // namespace
}  // namespace tarn::optim
