#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/optim/constant_lr.h>
#include <tarn/optim/convergence_bounds.h>
#include <tarn/optim/inverse_sqrt_lr.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/random.h>

#include "../tensor/expect_error.h"

namespace tarn::optim {
namespace {

using testing::fails_with;

TEST(ConvexBound, IsLeastForTheFixedRateOfTheory) {
  constexpr double d = 3;
  constexpr double g = 2;
  constexpr std::int64_t steps = 400;
  const auto bound = [&](double lr) {
    return convex_bound(d, g, lr_sums(ConstantLR(), lr, steps));
  };
  const double best = d / (g * std::sqrt(steps));
  EXPECT_NEAR(bound(best), d * g / std::sqrt(steps), 1e-14);
  EXPECT_GT(bound(1.01 * best), bound(best));
  EXPECT_GT(bound(0.99 * best), bound(best));
}

TEST(ConvexBound, CarriesALogarithmForInverseSquareRootRates) {
  const auto bound = [](std::int64_t steps) {
    return convex_bound(1, 1, lr_sums(InverseSqrtLR(), 1, steps));
  };
  // (1 + ln T + 0.5772) / (2 (2 sqrt(T) - 1.46))
  for (const std::int64_t steps : {1'000, 100'000}) {
    const auto t = static_cast<double>(steps);
    EXPECT_NEAR(bound(steps), (1.5772 + std::log(t)) / (4 * std::sqrt(t) - 2.92),
                1e-3 * bound(steps));
  }
}

// SGD on the mean of |x - a_i|, a_i = -1, ..., 1, from x = 3: G = 1, D = 3, minimum at 0.
struct Gaps {
  double averaged;  // weighted by the rates
  double plain;
};
Gaps absolute_values(std::int64_t steps, std::uint64_t seed, bool projected) {
  Generator generator(seed);
  const std::vector<std::int64_t> draws =
      randint(0, 21, {steps}, generator).to_vector<std::int64_t>();
  double x = 3;
  double weighted = 0;
  double weight = 0;
  double sum = 0;
  for (std::int64_t t = 0; t < steps; ++t) {
    const double lr = (projected ? 6 : 3) / std::sqrt(static_cast<double>(t + 1));
    weighted += lr * x;
    weight += lr;
    sum += x;
    const double a = static_cast<double>(draws[static_cast<std::size_t>(t)] - 10) / 10;
    x -= lr * (x > a ? 1 : x < a ? -1 : 0);
    if (projected) x = std::clamp(x, -3.0, 3.0);
  }
  const auto gap = [](double at) {
    double loss = 0;
    for (int i = -10; i <= 10; ++i) loss += std::abs(at - i / 10.0) - std::abs(i / 10.0);
    return loss / 21;
  };
  return {gap(weighted / weight), gap(sum / static_cast<double>(steps))};
}

TEST(ConvexBound, IsNotBrokenByAveragedIterates) {
  for (const std::int64_t steps : {100, 1'000, 10'000}) {
    double averaged = 0;
    double plain = 0;
    constexpr int runs = 50;
    for (std::uint64_t seed = 0; seed < runs; ++seed) {
      averaged += absolute_values(steps, seed, false).averaged / runs;
      plain += absolute_values(steps, seed, true).plain / runs;
    }
    const double bound = convex_bound(3, 1, lr_sums(InverseSqrtLR(), 3, steps));
    EXPECT_LT(averaged, bound) << steps;
    EXPECT_GT(averaged, bound / 1e4) << "a bound, not a formality";
    EXPECT_LT(plain, projected_convex_bound(6, 1, steps)) << steps;
  }
  EXPECT_DOUBLE_EQ(projected_convex_bound(2, 5, 100), 1.5);
}

TEST(NonconvexBound, IsNotBrokenByTheMeanSquaredGradient) {
  // The mean over a = -1, 1 of f(x - a / 10) with f(x) = x^2 / (1 + x^2), smoothness 2.
  const auto slope = [](double x) { return 2 * x / ((1 + x * x) * (1 + x * x)); };
  const auto full = [&](double x) { return (slope(x - 0.1) + slope(x + 0.1)) / 2; };
  const auto loss = [](double x) {
    const auto f = [](double y) { return y * y / (1 + y * y); };
    return (f(x - 0.1) + f(x + 0.1)) / 2;
  };
  for (const double lr : {0.5, 0.05, 0.005}) {
    constexpr std::int64_t steps = 5'000;
    double mean = 0;
    double variance = 0;  // the largest on the way
    constexpr int runs = 20;
    for (std::uint64_t seed = 0; seed < runs; ++seed) {
      Generator generator(seed);
      const std::vector<std::int64_t> draws =
          randint(0, 2, {steps}, generator).to_vector<std::int64_t>();
      double x = 2;
      for (const std::int64_t draw : draws) {
        const double g = full(x);
        const double sample = slope(draw == 0 ? x - 0.1 : x + 0.1);
        mean += g * g / (runs * static_cast<double>(steps));
        variance = std::max(variance, (sample - g) * (sample - g));
        x -= lr * sample;
      }
    }
    EXPECT_LT(mean, nonconvex_bound(loss(2) - loss(0), lr, 2, variance, steps)) << lr;
  }
  EXPECT_DOUBLE_EQ(nonconvex_bound(3, 0.1, 2, 5, 100), 2 * 3 / (0.1 * 100) + 0.1 * 2 * 5);
}

TEST(ConvergenceBounds, RefuseWhatTheyDoNotHoldFor) {
  EXPECT_TRUE(fails_with<ValueError>([] { convex_bound(1, 1, {}); }, "convex_bound: travel = 0"));
  EXPECT_TRUE(fails_with<ValueError>(
      [] {
        convex_bound(-1, 1, {1, 1});
      },
      "convex_bound: distance = -1"));
  EXPECT_TRUE(fails_with<ValueError>([] { projected_convex_bound(1, 1, 0); },
                                     "projected_convex_bound: steps = 0"));
  EXPECT_TRUE(fails_with<ValueError>([] { nonconvex_bound(1, 0.6, 2, 1, 10); },
                                     "nonconvex_bound: lr = 0.6: expected at most 1 / smoothness"));
  EXPECT_TRUE(fails_with<ValueError>([] { nonconvex_bound(1, 0.1, 2, -1, 10); },
                                     "nonconvex_bound: variance = -1"));
}

}  // namespace
}  // namespace tarn::optim
