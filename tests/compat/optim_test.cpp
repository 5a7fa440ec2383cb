#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "../data/temp_folder.h"
#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"

namespace tarn {
namespace {

using testing::fails_with;
using testing::same_bits;

// A parameter and what pulls it: the gradient of x^2 + x.
torch::Tensor start() { return torch::tensor({1.0, -2.0, 3.0}).requires_grad_(); }
torch::Tensor loss_of(const torch::Tensor& x) { return (x * x + x).sum(); }

// Where `steps` steps of an optimizer lead.
template <class Optimizer>
torch::Tensor after(Optimizer&& optimizer, const torch::Tensor& x, int steps) {
  for (int i = 0; i < steps; ++i) {
    optimizer.zero_grad();
    loss_of(x).backward();
    optimizer.step();
  }
  return x.detach();
}

TEST(TorchOptimizers, TakeTarnsStepsWithTheirOptions) {
  const torch::Tensor a = start(), b = start(), c = start(), d = start(), e = start();
  const std::vector<torch::Tensor> steps = {
      after(torch::optim::SGD({a}, torch::optim::SGDOptions(0.1).momentum(0.5).nesterov(true)), a,
            3),
      after(torch::optim::Adam({b}, torch::optim::AdamOptions(0.1)
                                        .betas(std::make_tuple(0.5, 0.7))
                                        .eps(1e-3)
                                        .weight_decay(0.1)
                                        .amsgrad(true)),
            b, 3),
      after(torch::optim::AdamW({c}, torch::optim::AdamWOptions(0.1).weight_decay(0.5)), c, 3),
      after(torch::optim::Adagrad({d}, torch::optim::AdagradOptions(0.1).lr_decay(0.2)), d, 3),
      after(torch::optim::RMSprop({e}, torch::optim::RMSpropOptions(0.1).alpha(0.5).centered(true)),
            e, 3)};
  const torch::Tensor p = start(), q = start(), r = start(), s = start(), t = start();
  const std::vector<torch::Tensor> expected = {
      after(optim::SGD({p}, {.lr = 0.1, .momentum = 0.5, .nesterov = true}), p, 3),
      after(
          optim::Adam(
              {q},
              {.lr = 0.1, .betas = {0.5, 0.7}, .eps = 1e-3, .weight_decay = 0.1, .amsgrad = true}),
          q, 3),
      after(optim::AdamW({r}, {.lr = 0.1, .weight_decay = 0.5}), r, 3),
      after(optim::Adagrad({s}, {.lr = 0.1, .lr_decay = 0.2}), s, 3),
      after(optim::RMSprop({t}, {.lr = 0.1, .alpha = 0.5, .centered = true}), t, 3)};
  for (std::size_t i = 0; i < steps.size(); ++i) {
    EXPECT_TRUE(same_bits(steps[i], expected[i])) << "optimizer " << i;
  }
}

TEST(TorchOptimizers, TakeALearningRateForTheirOptions) {
  const torch::Tensor x = start();
  after(torch::optim::SGD({x}, .5), x, 1);
  EXPECT_EQ(x.to_vector<float>(), (std::vector<float>{-0.5F, -0.5F, -0.5F}));
}

TEST(TorchOptimizer, FollowsTheOptionsOfItsGroups) {
  const torch::Tensor x = start();
  torch::optim::SGD sgd({x}, torch::optim::SGDOptions(0.5));
  for (auto& group : sgd.param_groups()) {
    ASSERT_TRUE(group.has_options());
    auto& options = static_cast<torch::optim::SGDOptions&>(group.options());
    options.lr(options.lr() * 0.5);
  }
  loss_of(x).backward();
  sgd.step();
  EXPECT_EQ(x.to_vector<float>(), (std::vector<float>{0.25F, -1.25F, 1.25F}));
}

TEST(TorchOptimizer, HasGroupsWithOptionsOfTheirOwn) {
  const torch::Tensor x = start(), y = start(), z = start();
  std::vector<torch::optim::OptimizerParamGroup> groups;
  groups.emplace_back(std::vector<torch::Tensor>{x});
  groups.emplace_back(std::vector<torch::Tensor>{y},
                      std::make_unique<torch::optim::SGDOptions>(0.25));
  torch::optim::SGD sgd(groups, torch::optim::SGDOptions(0.5));
  sgd.add_param_group(torch::optim::OptimizerParamGroup({z}));
  (loss_of(x) + loss_of(y) + loss_of(z)).backward();
  sgd.step();
  EXPECT_EQ(x[0].item<float>(), -0.5F);
  EXPECT_EQ(y[0].item<float>(), 0.25F);
  EXPECT_EQ(z[0].item<float>(), -0.5F);
}

TEST(TorchOptimizer, CallsAClosureForTheLoss) {
  const torch::Tensor x = start();
  torch::optim::Optimizer&& sgd = torch::optim::SGD({x}, 0.1);
  torch::NoGradGuard no_grad;
  const torch::Tensor loss = sgd.step([&] {
    sgd.zero_grad();
    const torch::Tensor value = loss_of(x);
    value.backward();
    return value;
  });
  EXPECT_EQ(loss.item<float>(), 16);
  EXPECT_FLOAT_EQ(x[0].item<float>(), 0.7F);
}

TEST(TorchStepLR, LowersTheRateOfEveryGroup) {
  const torch::Tensor x = start();
  torch::optim::Adam adam({x}, 0.1);
  torch::optim::StepLR schedule(adam, 2, 0.5);
  std::vector<double> rates;
  for (int i = 0; i < 5; ++i) {
    schedule.step();
    rates.push_back(adam.param_groups()[0].options().get_lr());
  }
  EXPECT_EQ(rates, (std::vector<double>{0.1, 0.05, 0.05, 0.025, 0.025}));
  EXPECT_TRUE(fails_with<ValueError>([&] { torch::optim::StepLR bad(adam, 0); }, "StepLR"));
}

TEST(TorchOptimizer, RefusesNumbersOutOfRange) {
  EXPECT_TRUE(fails_with<ValueError>([] { torch::optim::SGD sgd({start()}, -1.0); }, "SGD"));
  const torch::Tensor x = start();
  torch::optim::SGD sgd({x}, 0.1);
  sgd.param_groups()[0].options().set_lr(-1);
  loss_of(x).backward();
  EXPECT_TRUE(fails_with<ValueError>([&] { sgd.step(); }, "SGD"));
  EXPECT_EQ(x[0].item<float>(), 1);
}

TEST(TorchSave, KeepsModulesAndOptimizersToGoOnWith) {
  const TempFolder folder;
  const std::string model_file = folder / "model.pt", adam_file = folder / "adam.pt";
  const torch::Tensor x = torch::randn({8, 3});
  const auto train = [&](torch::nn::Linear& model, torch::optim::Adam& adam) {
    for (int i = 0; i < 3; ++i) {
      adam.zero_grad();
      model(x).square().sum().backward();
      adam.step();
    }
  };
  torch::nn::Linear model(3, 2);
  torch::optim::Adam adam(model->parameters(), torch::optim::AdamOptions(0.1));
  train(model, adam);
  adam.param_groups()[0].options().set_lr(0.01);
  torch::save(model, model_file);
  torch::save(adam, adam_file);
  train(model, adam);

  torch::nn::Linear other(3, 2);
  torch::optim::Adam resumed(other->parameters(), torch::optim::AdamOptions(0.5));
  torch::load(other, model_file);
  torch::load(resumed, adam_file);
  EXPECT_EQ(resumed.param_groups()[0].options().get_lr(), 0.01);
  train(other, resumed);
  EXPECT_TRUE(same_bits(other->weight.detach(), model->weight.detach()));
}

TEST(TorchSave, KeepsTensors) {
  const TempFolder folder;
  const std::string file = folder / "x.pt";
  const torch::Tensor x = torch::randn({2, 3});
  torch::save(x, file);
  torch::Tensor y;
  torch::load(y, file);
  EXPECT_TRUE(same_bits(x, y));
  torch::save(std::vector<torch::Tensor>{x, x * 2}, file);
  std::vector<torch::Tensor> several;
  torch::load(several, file);
  ASSERT_EQ(several.size(), 2U);
  EXPECT_TRUE(same_bits(several[1], x * 2));
}

TEST(TorchLoad, LeavesAModuleThatDoesNotFitAsItWas) {
  const TempFolder folder;
  const std::string file = folder / "model.pt";
  torch::save(torch::nn::Linear(3, 2), file);
  torch::nn::Linear other(4, 2);
  const torch::Tensor before = other->weight.detach().clone();
  EXPECT_THROW(torch::load(other, file), ValueError);
  EXPECT_TRUE(same_bits(before, other->weight.detach()));
  EXPECT_THROW(torch::load(other, folder / "missing.pt"), IoError);
}

}  // namespace
}  // namespace tarn
