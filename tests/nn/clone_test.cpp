#include <gtest/gtest.h>

#include <tarn/autograd/ops.h>
#include <tarn/nn/nn.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/random.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"

namespace tarn {
namespace {

using testing::fails_with;
using testing::same_bits;

struct Inner : nn::Module {
  nn::Linear& fc = add("fc", nn::Linear(4, 4));
  nn::BatchNorm1d& norm = add("norm", nn::BatchNorm1d(4));
  Tensor forward(const Tensor& x) override { return norm(fc(x)); }
};

struct Model : nn::Module {
  Inner& inner = add("inner", Inner());
  Tensor& scale = parameter("scale", ones({4}));
  Tensor forward(const Tensor& x) override { return inner(x) * scale; }
};

TEST(Clone, CopiesValuesBuffersModesAndFrozenParametersOfNestedModules) {
  Model model;
  const Tensor x = randn({8, 4});
  sum(model(x)).backward();
  model.inner.fc.requires_grad_(false);
  model.inner.norm.eval();
  const auto twin = nn::clone(model);
  for (const auto& [name, tensor] : model.state_dict())
    EXPECT_TRUE(same_bits(tensor, twin->state_dict().at(name))) << name;
  EXPECT_TRUE(same_bits(twin->inner.norm.running_mean, model.inner.norm.running_mean));
  EXPECT_TRUE(twin->is_training());
  EXPECT_FALSE(twin->inner.norm.is_training());
  EXPECT_FALSE(twin->inner.fc.weight.requires_grad());
  EXPECT_TRUE(twin->scale.requires_grad());
  EXPECT_FALSE(twin->scale.grad().defined());
  EXPECT_TRUE(same_bits((*twin)(x), model(x)));
}

TEST(Clone, SharesNothingWithTheOriginal) {
  Model model;
  const auto twin = nn::clone(model);
  nn::init::zeros_(twin->inner.fc.weight);
  nn::init::zeros_(twin->scale);
  EXPECT_GT(sum(abs(model.inner.fc.weight)).item(), 0);
  EXPECT_EQ(sum(model.scale).item(), 4);
}

TEST(Clone, MakesModulesThatNeedArgumentsByAFunction) {
  const auto make = [] { return nn::Sequential(nn::Linear(3, 2, {.bias = false}), nn::Tanh()); };
  nn::Sequential net = make();
  net.to(kFloat64);
  const auto twin = nn::clone(net, make);
  EXPECT_EQ(twin->at<nn::Linear>(0).weight.dtype(), kFloat64);
  EXPECT_TRUE(same_bits(twin->at<nn::Linear>(0).weight, net.at<nn::Linear>(0).weight));
}

TEST(Clone, KeepsTiedWeightsTied) {
  const auto make = [] {
    nn::Sequential net(nn::Linear(3, 3), nn::Linear(3, 3));
    net.at<nn::Linear>(1).weight = net.at<nn::Linear>(0).weight;
    return net;
  };
  const nn::Sequential net = make();
  const auto twin = nn::clone(net, make);
  EXPECT_TRUE(twin->at<nn::Linear>(1).weight.is_same(twin->at<nn::Linear>(0).weight));
  EXPECT_TRUE(fails_with<ValueError>(
      [&] { nn::clone(net, [] { return nn::Sequential(nn::Linear(3, 3), nn::Linear(3, 3)); }); },
      "clone: the model has 3 different parameters, the copy 4"));
}

TEST(Clone, RefusesACopyThatIsMadeOtherwise) {
  const nn::Sequential net(nn::Linear(3, 2), nn::Tanh());
  EXPECT_TRUE(fails_with<ValueError>(
      [&] { nn::clone(net, [] { return nn::Sequential(nn::Linear(3, 2), nn::ReLU()); }); },
      "clone: module \"1\" is a Tanh with 0 children, in the copy a ReLU with 0 children"));
  EXPECT_TRUE(fails_with<ValueError>(
      [&] { nn::clone(net, [] { return nn::Sequential(nn::Linear(3, 4), nn::Tanh()); }); },
      "load_state_dict: the state does not fit Sequential", {"0.weight", "[2, 3]", "[4, 3]"}));
}

}  // namespace
}  // namespace tarn
