#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/autograd/grad_mode.h>
#include <tarn/nn/linear.h>
#include <tarn/optim/adagrad.h>
#include <tarn/optim/adam.h>
#include <tarn/optim/adamw.h>
#include <tarn/optim/rmsprop.h>
#include <tarn/optim/sgd.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/parallel.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"
#include "leaves.h"

// What Adagrad, RMSprop, Adam and AdamW have in common; their numbers: pytorch_steps_test.cpp.
namespace tarn::optim {
namespace {

using testing::copies;
using testing::fails_with;
using testing::leaf;
using testing::random_leaf;
using testing::same_bits;
using testing::set_random_grads;

std::vector<std::unique_ptr<Optimizer>> all(const std::vector<Tensor>& params) {
  std::vector<std::unique_ptr<Optimizer>> result;
  result.push_back(std::make_unique<SGD>(params, SGDOptions{.lr = 0.01, .momentum = 0.9}));
  result.push_back(
      std::make_unique<Adagrad>(params, AdagradOptions{.lr_decay = 0.001, .weight_decay = 0.01}));
  result.push_back(
      std::make_unique<RMSprop>(params, RMSpropOptions{.momentum = 0.9, .centered = true}));
  result.push_back(std::make_unique<Adam>(params, AdamOptions{.amsgrad = true}));
  result.push_back(std::make_unique<AdamW>(params, AdamWOptions{.amsgrad = true}));
  return result;
}

void take_steps(Optimizer& optimizer, const std::vector<Tensor>& params, std::uint64_t first,
                std::uint64_t last) {
  for (std::uint64_t i = first; i < last; ++i) {
    set_random_grads(params, i);
    optimizer.step();
  }
}

TEST(Optimizers, ResumeWithTheSameBits) {
  const std::size_t count = all({leaf({0})}).size();
  for (std::size_t k = 0; k < count; ++k) {
    const std::vector<Tensor> through = {random_leaf({3, 4}, 1), random_leaf({}, 2, kFloat64)};
    const auto whole = std::move(all(through)[k]);
    SCOPED_TRACE(whole->name());
    take_steps(*whole, through, 0, 3);
    const StateDict saved = whole->state_dict().clone();
    const std::vector<Tensor> resumed = copies(through);
    take_steps(*whole, through, 3, 7);

    const auto second = std::move(all(resumed)[k]);
    second->load_state_dict(saved);
    take_steps(*second, resumed, 3, 7);
    for (std::size_t i = 0; i < through.size(); ++i) EXPECT_TRUE(same_bits(resumed[i], through[i]));
  }
}

TEST(Optimizers, HaveTheSameBitsForAnyNumberOfThreads) {
  const int threads = get_num_threads();
  const std::size_t count = all({leaf({0})}).size();
  for (std::size_t k = 0; k < count; ++k) {
    const std::vector<Tensor> params = {random_leaf({40001}, 1)};
    const std::vector<Tensor> alone = copies(params);
    const auto team = std::move(all(params)[k]);
    const auto single = std::move(all(alone)[k]);
    set_num_threads(3);
    take_steps(*team, params, 0, 3);
    set_num_threads(1);
    take_steps(*single, alone, 0, 3);
    EXPECT_TRUE(same_bits(params[0], alone[0])) << team->name();
  }
  set_num_threads(threads);
}

TEST(Optimizers, KeepTheMemoryLayoutAndTakeEmptyAndScalarParameters) {
  const std::size_t count = all({leaf({0})}).size();
  for (std::size_t k = 0; k < count; ++k) {
    const Tensor rows = random_leaf({6, 5}, 1);
    const Tensor columns = rows.detach().t().contiguous().t().requires_grad_();
    const std::vector<Tensor> params = {rows, columns, random_leaf({0, 3}, 2), random_leaf({}, 3)};
    const auto optimizer = std::move(all(params)[k]);
    SCOPED_TRACE(optimizer->name());
    for (std::uint64_t step = 0; step < 3; ++step) {
      set_random_grads(params, step);
      columns.set_grad(rows.grad());
      optimizer->step();
    }
    EXPECT_TRUE(same_bits(columns, rows));
    EXPECT_EQ(columns.strides(), Shape({1, 6}));
  }
}

TEST(Optimizers, GoOnWithConvertedStateWhenTheModelBecomesAnotherType) {
  const std::size_t count = all({leaf({0})}).size();
  for (std::size_t k = 0; k < count; ++k) {
    nn::Linear model(3, 2);
    nn::Linear twin(3, 2);
    twin.load_state_dict(model.state_dict());
    const auto optimizer = std::move(all(model.parameters())[k]);
    const auto expected = std::move(all(twin.parameters())[k]);
    SCOPED_TRACE(optimizer->name());
    take_steps(*optimizer, model.parameters(), 0, 3);
    take_steps(*expected, twin.parameters(), 0, 3);
    model.to(kFloat64);
    for (std::uint64_t i = 3; i < 6; ++i) {
      set_random_grads(twin.parameters(), i);
      for (std::size_t p = 0; p < 2; ++p) {
        model.parameters()[p].set_grad(twin.parameters()[p].grad().to(kFloat64));
      }
      optimizer->step();
      expected->step();
    }
    for (const auto& [name, value] : optimizer->state_dict()) {
      if (value.dim() > 0 && name.starts_with("state.")) {
        EXPECT_EQ(value.dtype(), kFloat64) << name;
      }
    }
    EXPECT_TRUE(testing::is_close(model.weight.to(kFloat32), twin.weight, {.atol = 1e-6}));
  }
}

TEST(Optimizers, TakeGroupsWithTheirOwnNumbers) {
  const Tensor a = leaf({1});
  const Tensor b = leaf({1});
  AdamW adamw({{.params = {a}, .lr = 0.5}, {.params = {b}, .options = {{"weight_decay", 0.5}}}},
              {.lr = 0.1, .betas = {0.5, 0.75}, .weight_decay = 0});
  EXPECT_EQ(to_string(adamw),
            "AdamW\n"
            "  group 0: 1 parameter, lr = 0.5, beta1 = 0.5, beta2 = 0.75, eps = 1e-08, "
            "amsgrad = 0, weight_decay = 0, maximize = 0\n"
            "  group 1: 1 parameter, lr = 0.1, beta1 = 0.5, beta2 = 0.75, eps = 1e-08, "
            "amsgrad = 0, weight_decay = 0.5, maximize = 0");
  a.set_grad(zeros_like(a));
  b.set_grad(zeros_like(b));
  adamw.step();
  EXPECT_EQ(a.item(), 1);
  EXPECT_EQ(b.item(), 1 - 0.1 * 0.5);
}

TEST(Adam, TakesAFirstStepOfTheLearningRateWhateverTheGradient) {
  const Tensor p = leaf({0, 0, 0});
  Adam adam({p}, {.lr = 0.5});
  p.set_grad(leaf({1e3, -1e-3, 0}).detach());
  adam.step();
  EXPECT_TRUE(testing::is_close(p, leaf({-0.5, 0.5, 0}), {.rtol = 1e-4}));
}

TEST(Adam, PassesNanOnToItsElementOnly) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Tensor p = leaf({0, 0});
  Adam adam({p}, {.lr = 0.5, .amsgrad = true});
  p.set_grad(leaf({nan, 1}).detach());
  adam.step();
  p.set_grad(leaf({1, 1}).detach());
  adam.step();
  EXPECT_TRUE(std::isnan(p.to_vector()[0]));
  EXPECT_TRUE(std::isfinite(p.to_vector()[1]));
  EXPECT_TRUE(std::isnan(adam.state_dict().at("state.0.0.max_exp_avg_sq").to_vector()[0]));
}

TEST(RMSprop, CenteredStaysFiniteWhenAllGradientsAreEqual) {
  const Tensor p = leaf({0, 0, 0});
  RMSprop rmsprop({p}, {.lr = 1e-9, .alpha = 0.5, .centered = true});
  for (int step = 0; step < 200; ++step) {
    p.set_grad(leaf({0.1, 0.3, 0.7}).detach());
    rmsprop.step();
  }
  for (const double value : p.to_vector()) EXPECT_TRUE(std::isfinite(value));
}

TEST(Optimizers, FindTheMinimumOfAQuadratic) {
  const std::vector<Tensor> p = {leaf({1, -1})};
  for (const auto& optimizer : all(p)) {
    {
      const NoGradGuard no_grad;
      p[0].copy_(leaf({1, -1}));
    }
    optimizer->set_lr(0.05);
    for (int step = 0; step < 2000; ++step) {
      optimizer->zero_grad();
      (p[0] * p[0]).sum().backward();
      optimizer->step();
    }
    EXPECT_LT((p[0] * p[0]).sum().item(), 0.01) << optimizer->name();
  }
}

TEST(Optimizers, RefuseNumbersOutsideTheirRanges) {
  const std::vector<Tensor> p = {leaf({1})};
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto adam = [&](const AdamOptions& o, std::string_view message) {
    return fails_with<ValueError>([&] { Adam a(p, o); }, message);
  };
  EXPECT_TRUE(adam({.lr = -1}, "Adam: lr = -1: expected a finite value >= 0"));
  EXPECT_TRUE(adam({.betas = {1, 0.9}}, "Adam: beta1 = 1: expected a value >= 0 and < 1"));
  EXPECT_TRUE(adam({.betas = {0.9, nan}}, "Adam: beta2 = nan: expected a"));
  EXPECT_TRUE(adam({.eps = -1e-8}, "Adam: eps = -1e-08: expected a finite value >= 0"));
  EXPECT_TRUE(adam({.weight_decay = -1}, "Adam: weight_decay = -1"));
  EXPECT_TRUE(fails_with<ValueError>([&] { AdamW a(p, {.weight_decay = -1}); },
                                     "AdamW: weight_decay = -1"));
  EXPECT_TRUE(fails_with<ValueError>([&] { RMSprop r(p, {.alpha = 1.5}); },
                                     "RMSprop: alpha = 1.5: expected a value in 0..1"));
  EXPECT_TRUE(
      fails_with<ValueError>([&] { RMSprop r(p, {.momentum = -1}); }, "RMSprop: momentum = -1"));
  EXPECT_TRUE(
      fails_with<ValueError>([&] { Adagrad a(p, {.lr_decay = -1}); }, "Adagrad: lr_decay = -1"));
  EXPECT_TRUE(fails_with<ValueError>([&] { Adagrad a(p, {.initial_accumulator_value = nan}); },
                                     "Adagrad: initial_accumulator_value = nan"));
  EXPECT_TRUE(fails_with<ValueError>(
      [&] {
        Adam a({{.params = p, .options = {{"amsgrad", 2}}}});
      },
      "Adam: amsgrad = 2: expected 0 or 1"));
  EXPECT_TRUE(fails_with<ValueError>(
      [&] {
        Adam a({{.params = p, .options = {{"momentum", 0.9}}}});
      },
      "Adam: group 0 has an unknown option \"momentum\""));
  EXPECT_TRUE(fails_with<ValueError>([&] { Adam a(std::vector<Tensor>{}); },
                                     "Adam: there are no parameters"));
}

TEST(AllOptimizers, TakeTheSameStepsWhereverTheElementsLie) {
  // A view with gaps, and a gradient that repeats its elements.
  const Tensor wide = random_leaf({5, 40}, 1).detach();
  const std::vector<Tensor> gaps{wide.narrow(1, 3, 19).detach().requires_grad_()};
  const Tensor row = random_leaf({19}, 2).detach();
  const std::size_t kinds = all(gaps).size();
  for (std::size_t kind = 0; kind < kinds; ++kind) {
    const std::vector<Tensor> moved{wide.clone().narrow(1, 3, 19).detach().requires_grad_()};
    const std::vector<Tensor> dense{moved[0].detach().contiguous().clone().requires_grad_()};
    const auto a = std::move(all(moved)[kind]);
    const auto b = std::move(all(dense)[kind]);
    for (int step = 0; step < 3; ++step) {
      moved[0].set_grad(row.expand({5, 19}));
      dense[0].set_grad(row.expand({5, 19}).contiguous());
      a->step();
      b->step();
    }
    EXPECT_TRUE(same_bits(moved[0].detach().contiguous(), dense[0].detach())) << a->name();
  }
}

// The numbers of a group may change between two steps: what counts is their value at the step.
TEST(AllOptimizers, FollowOptionsThatChangeBetweenSteps) {
  const std::vector<Tensor> p{leaf({1.0, -2.0})};
  SGD sgd(p, {.lr = 0.1, .momentum = 0.5});
  const auto step = [&](double gradient) {
    p[0].set_grad(full({2}, gradient, {.dtype = kFloat64}));
    sgd.step();
  };
  step(1);  // v = 1
  sgd.param_groups()[0].option("momentum") = 0.9;
  step(2);  // v = 0.9 + 2 = 2.9
  sgd.param_groups()[0].option("momentum") = 0;
  step(3);  // the buffer rests
  sgd.param_groups()[0].option("momentum") = 0.5;
  sgd.param_groups()[0].lr = 0.01;
  sgd.param_groups()[0].option("maximize") = 1;
  step(4);  // v = 1.45 - 4 = -2.55
  const double moved = 0.1 * (1 + 2.9 + 3) - 0.01 * 2.55;
  EXPECT_NEAR(p[0].to_vector()[0], 1 - moved, 1e-14);
  EXPECT_NEAR(p[0].to_vector()[1], -2 - moved, 1e-14);
  sgd.param_groups()[0].option("momentum") = -1;
  EXPECT_TRUE(fails_with<ValueError>([&] { step(1); }, "SGD: momentum = -1: expected"));
}

}  // namespace
}  // namespace tarn::optim
