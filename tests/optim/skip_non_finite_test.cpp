#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/nn/clip_grad.h>
#include <tarn/nn/linear.h>
#include <tarn/optim/accumulator.h>
#include <tarn/optim/adam.h>
#include <tarn/optim/sgd.h>
#include <tarn/optim/skip_non_finite.h>
#include <tarn/optim/step_lr.h>
#include <tarn/tensor/error.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"
#include "leaves.h"
#include "warnings.h"

namespace tarn::optim {
namespace {

using testing::copies;
using testing::fails_with;
using testing::leaf;
using testing::random_leaf;
using testing::same_bits;
using testing::set_random_grads;
using testing::Warnings;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

// Gives parameter `which` a gradient whose last element is `value`.
void spoil(const std::vector<Tensor>& params, std::size_t which, double value) {
  set_random_grads(params, 99);
  Tensor last = params[which].grad().detach();
  while (last.dim() > 0) last = last.select(0, last.size(0) - 1);
  last.fill_(value);
}

TEST(SkipNonFinite, EndsWhereARunWithoutTheBadStepsEnds) {
  const std::vector<Tensor> good = {random_leaf({3, 4}, 1), random_leaf({4}, 2, kFloat64)};
  const std::vector<Tensor> disturbed = copies(good);
  Adam expected(good, {.lr = 0.1});
  Adam adam(disturbed, {.lr = 0.1});
  const SkipNonFinite skip(adam);
  const Warnings warnings;
  int post_hooks = 0;
  adam.register_step_post_hook([&](Optimizer&) { ++post_hooks; });
  for (std::uint64_t step = 0; step < 6; ++step) {
    if (step % 2 == 0) {
      spoil(disturbed, step % 4 == 0 ? 0 : 1, step == 4 ? -kInf : kNan);
      adam.step();
    }
    set_random_grads(good, step);
    set_random_grads(disturbed, step);
    expected.step();
    adam.step();
  }
  EXPECT_EQ(skip.skipped(), 3);
  EXPECT_EQ(adam.skipped_count(), 3);
  EXPECT_EQ(adam.step_count(), 6);
  EXPECT_EQ(post_hooks, 6);
  for (std::size_t i = 0; i < good.size(); ++i)
    EXPECT_TRUE(same_bits(disturbed[i], good[i])) << "parameter " << i;
  const StateDict a = adam.state_dict();
  for (const auto& [name, value] : expected.state_dict())
    EXPECT_TRUE(same_bits(a.at(name), value)) << name;
}

TEST(SkipNonFinite, NamesTheFirstBadElementAndWarnsOnce) {
  const nn::Linear model(2, 3);
  SGD sgd(model.parameters(), {.lr = 0.1});
  const SkipNonFinite skip(sgd, model);
  const SkipNonFinite unnamed(sgd);
  const Warnings warnings;
  EXPECT_EQ(skip.reason(), "");
  spoil(model.parameters(), 0, -kNan);
  sgd.step();
  EXPECT_EQ(skip.reason(), "weight[2, 1] = nan");
  spoil(model.parameters(), 1, -kInf);
  sgd.step();
  EXPECT_EQ(skip.reason(), "bias[2] = -inf");
  EXPECT_EQ(unnamed.reason(), "parameter 1 of group 0[2] = -inf");
  ASSERT_EQ(Warnings::texts().size(), 1U);
  EXPECT_EQ(
      Warnings::texts()[0],
      "SkipNonFinite: after 0 steps of SGD a gradient is not finite: weight[2, 1] = nan: this "
      "step is skipped, and so will be others like it");
}

TEST(SkipNonFinite, TakesLargeNumbersForWhatTheyAre) {
  const std::vector<Tensor> params = {random_leaf({2}, 1, kFloat64)};
  SGD sgd(params, {.lr = 1});
  const SkipNonFinite skip(sgd);
  params[0].set_grad(leaf({1e308, -1.5e308}).detach());  // whose norm is infinite
  sgd.step();
  EXPECT_EQ(skip.skipped(), 0);
  EXPECT_EQ(sgd.step_count(), 1);
}

TEST(SkipNonFinite, SeesTheStepsOfAnAccumulator) {
  const Tensor w = leaf({0});
  SGD sgd({w}, {.lr = 1});
  const SkipNonFinite skip(sgd);
  const Warnings warnings;
  sgd.register_step_pre_hook([&](Optimizer&) { nn::clip_grad_norm_({w}, 1); });
  Accumulator accumulate(sgd, {.batch_size = 2});
  const auto loss = [&](double x) { return (w * leaf({x}).detach()).mean(); };
  accumulate.backward(loss(3), 1);
  EXPECT_TRUE(accumulate.backward(loss(kNan), 1));
  EXPECT_EQ(w.item(), 0);
  EXPECT_EQ(accumulate.count(), 0);
  // The NaN is no part of the next step.
  accumulate.backward(loss(0.25), 1);
  EXPECT_TRUE(accumulate.backward(loss(0.75), 1));
  EXPECT_EQ(w.item(), -0.5);
  EXPECT_EQ(skip.skipped(), 1);
}

TEST(SkipNonFinite, LetsASchedulerGoOnWithoutComplaint) {
  const std::vector<Tensor> params = {random_leaf({2}, 1)};
  SGD sgd(params, {.lr = 1});
  const SkipNonFinite skip(sgd);
  StepLR schedule(sgd, {.step_size = 1, .gamma = 0.5});
  const Warnings warnings;
  spoil(params, 0, kNan);
  sgd.step();
  schedule.step();
  EXPECT_EQ(sgd.lr(), 0.5);
  ASSERT_EQ(Warnings::texts().size(), 1U) << Warnings::texts()[1];
  EXPECT_TRUE(Warnings::texts()[0].starts_with("SkipNonFinite: "));
}

TEST(SkipNonFinite, GivesUpAfterTooManyInARow) {
  const std::vector<Tensor> params = {random_leaf({2}, 1)};
  SGD sgd(params, {.lr = 1});
  SkipNonFinite skip(sgd, {.max_in_a_row = 3});
  const Warnings warnings;
  const auto bad_step = [&] {
    spoil(params, 0, kNan);
    sgd.step();
  };
  bad_step();
  bad_step();
  set_random_grads(params, 1);
  sgd.step();
  bad_step();
  bad_step();
  EXPECT_TRUE(fails_with<ValueError>(
      bad_step, "SkipNonFinite: 3 steps of SGD in a row had gradients that are not finite",
      {"after 1 steps", "parameter 0 of group 0[1] = nan", "learning rate"}));
  EXPECT_EQ(sgd.step_count(), 1);
  EXPECT_EQ(skip.skipped(), 5);
  EXPECT_TRUE(std::isfinite(params[0].to_vector()[1]));
}

TEST(SkipNonFinite, GoesOnCountingAfterAResume) {
  const std::vector<Tensor> params = {random_leaf({2}, 1)};
  SGD sgd(params, {.lr = 1});
  const SkipNonFinite skip(sgd, {.max_in_a_row = 2});
  const Warnings warnings;
  spoil(params, 0, kInf);
  sgd.step();

  SGD resumed_sgd(params, {.lr = 1});
  SkipNonFinite resumed(resumed_sgd, {.max_in_a_row = 2});
  resumed.load_state_dict(skip.state_dict());
  EXPECT_EQ(resumed.skipped(), 1);
  spoil(params, 0, kInf);
  EXPECT_THROW(resumed_sgd.step(), ValueError);

  StateDict incomplete = skip.state_dict();
  incomplete.set("in_a_row", leaf({1}).detach());
  SkipNonFinite unchanged(sgd);
  EXPECT_TRUE(fails_with<ValueError>([&] { unchanged.load_state_dict(incomplete); },
                                     "SkipNonFinite: ", {"in_a_row"}));
  EXPECT_EQ(unchanged.skipped(), 0);
}

TEST(SkipNonFinite, RefusesALimitThatLeavesNothing) {
  const std::vector<Tensor> params = {random_leaf({2}, 1)};
  SGD sgd(params, {.lr = 1});
  EXPECT_TRUE(fails_with<ValueError>([&] { SkipNonFinite(sgd, {.max_in_a_row = 0}); },
                                     "SkipNonFinite: max_in_a_row = 0: expected a value >= 1"));
}

}  // namespace
}  // namespace tarn::optim
