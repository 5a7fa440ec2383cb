#include <cmath>
#include <memory>
#include <numbers>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/optim/constant_lr.h>
#include <tarn/optim/cosine_annealing_lr.h>
#include <tarn/optim/inverse_sqrt_lr.h>
#include <tarn/optim/inverse_time_lr.h>
#include <tarn/optim/make_schedule.h>
#include <tarn/optim/step_lr.h>
#include <tarn/tensor/error.h>

#include "../tensor/expect_error.h"

namespace tarn::optim {
namespace {

using testing::fails_with;

std::vector<double> values(const LRScheduler& schedule, std::vector<std::int64_t> ts) {
  std::vector<double> result;
  for (const std::int64_t t : ts) result.push_back(schedule.lr(t, 1));
  return result;
}

TEST(ConstantLR, IsConstantByDefault) {
  EXPECT_EQ(values(ConstantLR(), {0, 1, 4, 5, 1000000}), (std::vector<double>{1, 1, 1, 1, 1}));
}

TEST(ConstantLR, HoldsItsFactorUntilTotalIters) {
  const ConstantLR schedule({.factor = 0.25, .total_iters = 3});
  EXPECT_EQ(values(schedule, {0, 1, 2, 3, 4}), (std::vector<double>{0.25, 0.25, 0.25, 1, 1}));
}

TEST(InverseSqrtLR, FollowsItsFormula) {
  EXPECT_EQ(values(InverseSqrtLR(), {0, 3, 8, 99, 9999}),
            (std::vector<double>{1, 1.0 / 2, 1.0 / 3, 1.0 / 10, 1.0 / 100}));
}

TEST(InverseTimeLR, FollowsItsFormula) {
  EXPECT_EQ(values(InverseTimeLR(), {0, 100, 300, 9900}),
            (std::vector<double>{1, 1.0 / 2, 1.0 / 4, 1.0 / 100}));
  EXPECT_EQ(values(InverseTimeLR({.alpha = 1}), {0, 1, 3}), (std::vector<double>{1, 0.5, 0.25}));
}

TEST(StepLR, HalvesEveryTenSteps) {
  const StepLR schedule({.step_size = 10, .gamma = 0.5});
  EXPECT_EQ(values(schedule, {0, 9, 10, 19, 20, 30}),
            (std::vector<double>{1, 1, .5, .5, .25, .125}));
}

TEST(StepLR, EqualsRepeatedMultiplicationOverTenThousandSteps) {
  const StepLR schedule({.step_size = 7, .gamma = 0.99});
  double chained = 0.1;
  for (std::int64_t t = 1; t <= 10000; ++t) {
    if (t % 7 == 0) chained *= 0.99;
    ASSERT_NEAR(schedule.lr(t, 0.1) / chained, 1, 1e-12) << t;
  }
}

TEST(CosineAnnealingLR, FollowsHalfACosine) {
  const CosineAnnealingLR schedule({.T_max = 10, .eta_min = 0.2});
  EXPECT_EQ(schedule.lr(0, 1), 1);
  EXPECT_NEAR(schedule.lr(5, 1), 0.6, 1e-15);
  for (std::int64_t t = 0; t < 10; ++t) {
    const double expected =
        0.2 + 0.8 * (1 + std::cos(std::numbers::pi * static_cast<double>(t) / 10)) / 2;
    EXPECT_NEAR(schedule.lr(t, 1), expected, 1e-15);
  }
}

TEST(CosineAnnealingLR, StaysAtItsEnd) {
  const CosineAnnealingLR schedule({.T_max = 10, .eta_min = 0.2});
  EXPECT_EQ(values(schedule, {10, 11, 20, 1000000}), (std::vector<double>{0.2, 0.2, 0.2, 0.2}));
}

TEST(RobbinsMonro, HoldsForInverseTimeAloneAmongTheScheduleOfTheSection) {
  // The partial sums of the squared rates: up to 100.497 for 1/(1+t/100), but like log(T) for
  // 1/sqrt(t+1).
  double inverse = 0;
  double root = 0;
  for (std::int64_t t = 0; t < 1000000; ++t) {
    inverse += std::pow(InverseTimeLR({.alpha = 0.01}).lr(t, 1), 2);
    root += std::pow(InverseSqrtLR().lr(t, 1), 2);
  }
  EXPECT_NEAR(inverse, 100.497, 0.02);
  EXPECT_NEAR(root, std::log(1e6) + std::numbers::egamma, 1e-3);
}

TEST(Schedules, RefuseOptionsOutsideTheirRanges) {
  EXPECT_TRUE(fails_with<ValueError>([] { StepLR({.step_size = 0}); },
                                     "StepLR: step_size = 0: expected a value >= 1"));
  EXPECT_TRUE(fails_with<ValueError>([] { StepLR({.step_size = 1, .gamma = -0.5}); },
                                     "StepLR: gamma = -0.5: expected a finite value >= 0"));
  EXPECT_TRUE(fails_with<ValueError>([] { InverseTimeLR({.alpha = std::nan("")}); },
                                     "InverseTimeLR: alpha = nan: expected a finite value >= 0"));
  EXPECT_TRUE(fails_with<ValueError>([] { CosineAnnealingLR({.T_max = 0}); },
                                     "CosineAnnealingLR: T_max = 0: expected a value >= 1"));
  EXPECT_TRUE(fails_with<ValueError>([] { CosineAnnealingLR({.T_max = 1, .eta_min = -1}); },
                                     "CosineAnnealingLR: eta_min = -1"));
  EXPECT_TRUE(fails_with<ValueError>([] { ConstantLR({.factor = 1.5}); },
                                     "ConstantLR: factor = 1.5: expected a value in 0..1"));
  EXPECT_TRUE(fails_with<ValueError>([] { ConstantLR({.total_iters = -1}); },
                                     "ConstantLR: total_iters = -1: expected a value >= 0"));
}

TEST(MakeSchedule, KnowsTheSchedulesByName) {
  const ScheduleOptions o{.alpha = 1, .step_size = 2, .gamma = 0.25, .T_max = 4, .eta_min = 0.5};
  EXPECT_EQ(make_schedule("constant", o)->lr(7, 1), 1);
  EXPECT_EQ(make_schedule("sqrt", o)->lr(3, 1), 0.5);
  EXPECT_EQ(make_schedule("inverse", o)->lr(3, 1), 0.25);
  EXPECT_EQ(make_schedule("step", o)->lr(3, 1), 0.25);
  EXPECT_EQ(make_schedule("cosine", o)->lr(4, 1), 0.5);
}

TEST(MakeSchedule, RefusesAnUnknownNameAndListsTheKnownOnes) {
  EXPECT_TRUE(fails_with<ValueError>([] { make_schedule("linear"); },
                                     "make_schedule: there is no schedule \"linear\"",
                                     {"constant, sqrt, inverse, step or cosine"}));
}

}  // namespace
}  // namespace tarn::optim
