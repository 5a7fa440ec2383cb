#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/autograd/grad_mode.h>
#include <tarn/nn/batch_norm.h>
#include <tarn/optim/adam.h>
#include <tarn/optim/lr_range_test.h>
#include <tarn/optim/sgd.h>
#include <tarn/tensor/error.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"
#include "objectives.h"

namespace tarn::optim {
namespace {

using testing::fails_with;
using testing::leaf;
using testing::quadratic;
using testing::random;
using testing::same_bits;

TEST(LRRangeTest, BreaksOffAboveTheStableRatesOfAQuadratic) {
  const Tensor x = leaf({5, 5});
  const Objective objective = quadratic(x, {1, 20}, zeros({4, 2}, {.dtype = kFloat64}));
  SGD sgd({x}, {.lr = 0.5});
  const LRRangeTest range =
      lr_range_test(objective, sgd, {.start_lr = 1e-4, .end_lr = 10, .batch_size = 4});
  EXPECT_TRUE(range.diverged);
  EXPECT_LT(range.lrs.size(), 100U);
  EXPECT_EQ(range.lrs.size(), range.losses.size());
  EXPECT_EQ(range.lrs.size(), range.smoothed.size());
  EXPECT_EQ(range.losses[0], (25 + 20 * 25) / 2.0);
  EXPECT_GT(range.lrs.back(), 2.0 / 20) << "stable below 2 / 20";
  EXPECT_LT(range.lrs.back(), 1);
  EXPECT_GT(range.suggested_lr, 1e-3);
  EXPECT_LT(range.suggested_lr, 2.0 / 20);
  EXPECT_NEAR(range.lrs[1] / range.lrs[0], std::pow(1e5, 1.0 / 99), 1e-12);
}

TEST(LRRangeTest, IsNotMisledByTheNoiseOfSmallBatches) {
  const testing::SmallNetwork net(200);
  for (const Tensor& p : net.objective.params()) {
    const NoGradGuard no_grad;
    p.mul_(3);  // far from the minimum
  }
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    SGD sgd(net.objective.params(), {.lr = 0.5});
    const LRRangeTest range = lr_range_test(net.objective, sgd, {.batch_size = 16, .seed = seed});
    EXPECT_TRUE(range.diverged);
    EXPECT_GT(range.suggested_lr, 1e-3) << seed;
    EXPECT_LT(range.suggested_lr, range.lrs.back()) << seed;
  }
}

TEST(LRRangeTest, SmoothsTheLossesWithoutTheBiasOfTheStart) {
  const Tensor x = leaf({5});
  const Objective objective = quadratic(x, {1}, random({50, 1}, 1));
  SGD sgd({x}, {.lr = 0.5});
  const LRRangeTest range = lr_range_test(
      objective, sgd,
      {.start_lr = 1e-3, .end_lr = 1e-1, .steps = 30, .batch_size = 7, .smoothing = 0.8});
  EXPECT_FALSE(range.diverged);
  ASSERT_EQ(range.lrs.size(), 30U);
  EXPECT_DOUBLE_EQ(range.lrs.front(), 1e-3);
  EXPECT_DOUBLE_EQ(range.lrs.back(), 1e-1);
  double weighted = 0;
  double weight = 0;
  for (std::size_t i = 0; i < 30; ++i) {
    weighted = 0.8 * weighted + range.losses[i];
    weight = 0.8 * weight + 1;
    EXPECT_NEAR(range.smoothed[i], weighted / weight, 1e-12);
  }
}

// A step of training, for what a run leaves behind.
void train(nn::Module& model, Optimizer& optimizer, const Tensor& x) {
  optimizer.zero_grad();
  square(model(x)).mean().backward();
  optimizer.step();
}

TEST(LRRangeTest, LeavesTrainingAsIfItHadNotBeen) {
  const Tensor x = random({24, 3}, 1, kFloat32);
  struct Trained {
    explicit Trained() {
      Generator generator(4);
      const GeneratorGuard guard(generator);
      model =
          std::make_unique<nn::Sequential>(nn::Linear(3, 4), nn::BatchNorm1d(4), nn::Linear(4, 2));
      adam = std::make_unique<Adam>(model->parameters(), AdamOptions{.lr = 0.01});
    }
    std::unique_ptr<nn::Sequential> model;
    std::unique_ptr<Adam> adam;
  };
  for (const int before : {0, 2}) {
    Trained tested;
    Trained plain;
    for (int t = 0; t < before; ++t) {
      train(*tested.model, *tested.adam, x);
      train(*plain.model, *plain.adam, x);
    }
    const Objective objective(
        *tested.model, [](const Tensor& output, const Tensor&) { return square(output).sum({1}); },
        Examples{x, zeros({24})});
    lr_range_test(objective, *tested.adam, {.steps = 20, .batch_size = 8});
    EXPECT_EQ(tested.adam->lr(), 0.01);
    EXPECT_EQ(tested.adam->step_count(), before);
    EXPECT_FALSE(tested.model->parameters()[0].grad().defined());
    for (int t = 0; t < 3; ++t) {
      train(*tested.model, *tested.adam, x);
      train(*plain.model, *plain.adam, x);
    }
    for (const auto& [name, value] : plain.model->state_dict())
      EXPECT_TRUE(same_bits(tested.model->state_dict().at(name), value)) << name;
  }
}

TEST(LRRangeTest, IsAFunctionOfItsSeed) {
  const Tensor x = leaf({5});
  const Objective objective = quadratic(x, {1}, random({50, 1}, 1));
  SGD sgd({x}, {.lr = 0.5});
  const auto losses = [&](std::uint64_t seed) {
    return lr_range_test(objective, sgd, {.end_lr = 0.1, .batch_size = 7, .seed = seed}).losses;
  };
  EXPECT_EQ(losses(1), losses(1));
  EXPECT_NE(losses(1), losses(2));
}

TEST(LRRangeTest, RefusesBadOptionsAndLossesAndStaysAsItWas) {
  const Tensor x = leaf({5});
  const Objective objective = quadratic(x, {1}, random({5, 1}, 1));
  SGD sgd({x}, {.lr = 0.5});
  const auto error = [&](const LRRangeTestOptions& options, std::string_view text) {
    EXPECT_TRUE(fails_with<ValueError>([&] { lr_range_test(objective, sgd, options); }, text));
    EXPECT_EQ(sgd.lr(), 0.5);
    EXPECT_EQ(x.item(), 5);
  };
  error({.start_lr = 0}, "lr_range_test: start_lr = 0");
  error({.start_lr = 1, .end_lr = 1}, "lr_range_test: end_lr = 1: expected more than start_lr = 1");
  error({.steps = 1}, "lr_range_test: steps = 1");
  error({.batch_size = 6}, "lr_range_test: batch_size = 6: expected 1..5");
  error({.batch_size = 5, .smoothing = 1}, "lr_range_test: smoothing = 1");
  error({.batch_size = 5, .divergence = 1}, "lr_range_test: divergence = 1");
  const Objective infinite(
      {x}, [x](const Examples& b) { return mul(b[0], x); },
      Examples{full({3}, std::numeric_limits<double>::infinity(), {.dtype = kFloat64})});
  EXPECT_TRUE(fails_with<ValueError>([&] { lr_range_test(infinite, sgd, {.batch_size = 3}); },
                                     "lr_range_test: the loss is inf at the start"));
  EXPECT_EQ(sgd.lr(), 0.5);
  EXPECT_EQ(x.item(), 5);
}

}  // namespace
}  // namespace tarn::optim
