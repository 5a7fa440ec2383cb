#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/nn/batch_norm.h>
#include <tarn/optim/full_gradient.h>
#include <tarn/optim/loss_slice.h>
#include <tarn/optim/sharpness.h>
#include <tarn/tensor/error.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"
#include "objectives.h"

namespace tarn::optim {
namespace {

using testing::bits_of;
using testing::fails_with;
using testing::leaf;
using testing::quadratic;
using testing::quadratic_form;
using testing::random;
using testing::SmallNetwork;

std::vector<std::vector<std::uint64_t>> bits(const Objective& objective) {
  std::vector<std::vector<std::uint64_t>> all;
  for (const Tensor& p : objective.params()) all.push_back(bits_of(p));
  return all;
}

TEST(Sharpness, OfAQuadraticBowlIsThatOfTheBestCorner) {
  const std::vector<double> x{0.5, -2, 0.1};
  const std::vector<double> h{1, 4, 10};
  const Objective objective = quadratic(leaf(x), h, zeros({1, 3}, {.dtype = kFloat64}));
  constexpr double epsilon = 0.05;
  double loss = 0;
  double highest = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const double far = std::abs(x[i]) + epsilon * (std::abs(x[i]) + 1);
    loss += h[i] * x[i] * x[i] / 2;
    highest += h[i] * far * far / 2;
  }
  const Sharpness found = sharpness(objective, {.epsilon = epsilon});
  EXPECT_NEAR(found.loss, loss, 1e-14);
  EXPECT_NEAR(found.max_loss, highest, 1e-13);
  EXPECT_NEAR(found.value, 100 * (highest - loss) / (1 + loss), 1e-12);
}

TEST(Sharpness, FindsTheBestOfAllCornersOfACoupledBowlFromItsMinimum) {
  const std::int64_t n = 8;
  const Tensor b = random({n, n}, 3);
  const Tensor a = matmul(b, b.t());
  const Objective objective = quadratic_form(leaf(std::vector<double>(8, 0)), a);
  double best = 0;
  for (int corner = 0; corner < 256; ++corner) {
    std::vector<double> y;
    for (int i = 0; i < 8; ++i) y.push_back((corner >> i & 1) != 0 ? 0.01 : -0.01);
    const Tensor v = leaf(y).detach();
    best = std::max(best, sum(mul(v, matmul(a, v))).item() / 2);
  }
  double found = 0;
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    const Sharpness one = sharpness(objective, {.epsilon = 0.01, .seed = seed});
    EXPECT_EQ(one.loss, 0) << "a minimum, where the gradient shows no way up";
    EXPECT_GT(one.max_loss, 0);
    EXPECT_LE(one.max_loss, best * (1 + 1e-12));
    found = std::max(found, one.max_loss);
  }
  EXPECT_NEAR(found, best, 1e-12 * best) << "of eight beginnings, one leads to the best corner";
}

TEST(Sharpness, TellsASharpMinimumFromAFlatOneAndPutsTheParametersBack) {
  const Tensor x = leaf({1, 1});
  const Tensor centers = ones({1, 2}, {.dtype = kFloat64});
  const double flat = sharpness(quadratic(x, {1, 1}, centers)).value;
  const double sharp = sharpness(quadratic(x, {100, 100}, centers)).value;
  EXPECT_NEAR(sharp, 100 * flat, 1e-9 * sharp);
  EXPECT_EQ(x.to_vector(), (std::vector<double>{1, 1}));

  const SmallNetwork net(40, kFloat32);
  const auto before = bits(net.objective);
  const Sharpness one = sharpness(net.objective, {.seed = 5});
  EXPECT_GT(one.value, 0);
  EXPECT_EQ(bits(net.objective), before);
  EXPECT_EQ(sharpness(net.objective, {.seed = 5, .chunk_size = 3}).value, one.value);
}

TEST(Sharpness, RefusesBadOptionsAndNegativeLosses) {
  const Tensor x = leaf({1});
  const Objective objective = quadratic(x, {-9}, zeros({1, 1}, {.dtype = kFloat64}));
  EXPECT_TRUE(fails_with<ValueError>([&] { sharpness(objective); },
                                     "sharpness: the loss is -4.5: expected a loss >= 0"));
  EXPECT_TRUE(fails_with<ValueError>([&] { sharpness(objective, {.epsilon = 0}); },
                                     "sharpness: epsilon = 0"));
  EXPECT_TRUE(fails_with<ValueError>([&] { sharpness(objective, {.iterations = 0}); },
                                     "sharpness: iterations = 0"));
}

// ---- slices ------------------------------------------------------------------------------------

TEST(LossSlice, FollowsAQuadratic) {
  const Tensor x = leaf({1, -1});
  const Objective objective = quadratic(x, {2, 6}, zeros({1, 2}, {.dtype = kFloat64}));
  const std::vector<double> steps{-1, 0, 0.5, 2};
  const auto losses = loss_slice(objective, {leaf({1, 2}).detach()}, steps);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const double a = 1 + steps[i];
    const double b = -1 + 2 * steps[i];
    EXPECT_NEAR(losses[i], a * a + 3 * b * b, 1e-14);
  }
  const std::vector<double> others{0, 3};
  const auto surface =
      loss_slice(objective, {leaf({1, 0}).detach()}, {leaf({0, 1}).detach()}, steps, others);
  ASSERT_EQ(surface.size(), 4U);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    ASSERT_EQ(surface[i].size(), 2U);
    for (std::size_t j = 0; j < 2; ++j) {
      const double a = 1 + steps[i];
      const double b = -1 + others[j];
      EXPECT_NEAR(surface[i][j], a * a + 3 * b * b, 1e-14);
    }
  }
  EXPECT_EQ(x.to_vector(), (std::vector<double>{1, -1}));
  EXPECT_TRUE(loss_slice(objective, {leaf({1, 2}).detach()}, {}).empty());
}

TEST(LossSlice, GoesThroughThePresentLossAndPutsEverythingBack) {
  nn::Sequential model(nn::Linear(3, 4), nn::BatchNorm1d(4), nn::Linear(4, 1));
  const Objective objective(
      model, [](const Tensor& output, const Tensor&) { return square(output).sum({1}); },
      Examples{random({40, 3}, 1, kFloat32), zeros({40})});
  const auto before = bits(objective);
  const Tensor running_mean = model.named_buffers()[0].second;
  const auto mean_before = bits_of(running_mean);
  const auto direction = filter_normalized_direction(objective.params(), 3);
  const std::vector<double> steps{-1, 0, 1e30};
  const auto losses = loss_slice(objective, direction, steps);
  EXPECT_EQ(bits(objective), before);
  EXPECT_EQ(bits_of(running_mean), mean_before) << "batch normalisation has run, in training mode";
  model.eval();
  EXPECT_EQ(loss_slice(objective, direction, std::vector<double>{0})[0], full_loss(objective));
}

TEST(LossSlice, PutsTheParametersBackAfterAnException) {
  const Tensor x = leaf({1});
  const Objective objective(
      {x},
      [x](const Examples& batch) {
        if (x.item() > 2) throw std::runtime_error("too far");
        return mul(square(x), batch[0]);
      },
      Examples{ones({1}, {.dtype = kFloat64})});
  EXPECT_THROW(loss_slice(objective, {leaf({1}).detach()}, std::vector<double>{0.5, 5}),
               std::runtime_error);
  EXPECT_EQ(x.item(), 1);
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] {
        loss_slice(objective, {leaf({1, 2}).detach()}, std::vector<double>{1});
      },
      "loss_slice: direction[0] has shape [2]"));
}

TEST(FilterNormalizedDirection, HasTheNormOfEachFilter) {
  const Tensor conv = random({4, 3, 2, 2}, 1, kFloat32).requires_grad_();
  const Tensor linear = random({5, 7}, 2).requires_grad_();
  const Tensor dead = zeros({2, 3}).requires_grad_();
  const Tensor bias = random({5}, 3).requires_grad_();
  const auto direction = filter_normalized_direction({conv, linear, dead, bias}, 7);
  for (std::int64_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(norm(direction[0][i]).item(), norm(conv[i]).item(), 1e-6);
    EXPECT_NEAR(norm(direction[1][i]).item(), norm(linear[i]).item(), 1e-14);
  }
  EXPECT_EQ(norm(direction[2]).item(), 0);
  EXPECT_EQ(norm(direction[3]).item(), 0);
  EXPECT_EQ(direction[0].dtype(), kFloat32);
  EXPECT_EQ(direction[3].dtype(), kFloat64);
  EXPECT_EQ(bits_of(filter_normalized_direction({conv}, 7)[0]), bits_of(direction[0]));
  EXPECT_NE(bits_of(filter_normalized_direction({conv}, 8)[0]), bits_of(direction[0]));
}

}  // namespace
}  // namespace tarn::optim
