#include "heavy_ball.h"

#include <gtest/gtest.h>

#include <tarn/nn/clip_grad.h>
#include <tarn/optim/cosine_annealing_lr.h>
#include <tarn/optim/sgd.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"
#include "leaves.h"
#include "warnings.h"

// An optimizer as a user writes it, with everything that the library offers around it.
namespace tarn::optim {
namespace {

using testing::copies;
using testing::fails_with;
using testing::HeavyBall;
using testing::leaf;
using testing::random_leaf;
using testing::same_bits;
using testing::Warnings;

std::vector<Tensor> mlp_params() {
  return {random_leaf({3, 8}, 1), random_leaf({8}, 2), random_leaf({8, 1}, 3)};
}

Tensor mlp_loss(const std::vector<Tensor>& p, std::uint64_t seed) {
  Generator generator(seed);
  const Tensor x = randn({16, 3}, generator);
  const Tensor y = randn({16, 1}, generator);
  return mse_loss(matmul(tanh(matmul(x, p[0]) + p[1]), p[2]), y);
}

// Trains with a schedule and clipping.
void train(Optimizer& optimizer, const std::vector<Tensor>& params, std::uint64_t steps) {
  CosineAnnealingLR schedule(optimizer, {.T_max = 20});
  for (std::uint64_t step = 0; step < steps; ++step) {
    optimizer.zero_grad();
    mlp_loss(params, step).backward();
    nn::clip_grad_norm_(params, 0.5);
    optimizer.step();
    schedule.step();
  }
}

TEST(HeavyBall, HasTheBitsOfSgdWithMomentum) {
  const std::vector<Tensor> a = mlp_params();
  const std::vector<Tensor> b = copies(a);
  HeavyBall ball(a, {.lr = 0.1, .beta = 0.9});
  SGD sgd(b, {.lr = 0.1, .momentum = 0.9});
  train(ball, a, 20);
  train(sgd, b, 20);
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_TRUE(same_bits(a[i], b[i]));
    const std::string state = "state.0." + std::to_string(i);
    EXPECT_TRUE(same_bits(ball.state_dict().at(state + ".velocity"),
                          sgd.state_dict().at(state + ".momentum_buffer")));
  }
  EXPECT_LT(mlp_loss(a, 0).item(), mlp_loss(mlp_params(), 0).item());
}

TEST(HeavyBall, TakesGroupsWithTheirOwnLearningRates) {
  const Warnings warnings;  // the same gradients twice
  const Tensor a = leaf({1});
  const Tensor b = leaf({1});
  HeavyBall ball({a}, {.lr = 0.5, .beta = 0.5});
  ball.add_param_group({.params = {b}, .lr = 0.25});
  a.set_grad(ones_like(a));
  b.set_grad(ones_like(b));
  ball.step();
  ball.step();
  EXPECT_EQ(a.item(), 1 - 0.5 * (1 + 1.5));
  EXPECT_EQ(b.item(), 1 - 0.25 * (1 + 1.5));
}

TEST(HeavyBall, ChecksItsLearningRateWithoutAWord) {
  EXPECT_TRUE(fails_with<ValueError>([] { HeavyBall ball({leaf({1})}, {.lr = -1}); },
                                     "HeavyBall: lr = -1"));
}

}  // namespace
}  // namespace tarn::optim
