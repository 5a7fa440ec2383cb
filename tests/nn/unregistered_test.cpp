#include <vector>

#include <gtest/gtest.h>

#include <tarn/autograd/ops.h>
#include <tarn/nn/nn.h>
#include <tarn/tensor/factories.h>

namespace tarn {
namespace {

struct Forgetful : nn::Module {
  nn::Linear& known = add("known", nn::Linear(3, 2));
  nn::Linear forgotten{2, 1};
  Tensor forward(const Tensor& x) override { return forgotten(known(x)); }
};

TEST(Unregistered, FindsTheParametersOfALayerThatWasNotAdded) {
  Forgetful model;
  const std::vector<Tensor> leaves = nn::unregistered(model, model(ones({1, 3})).sum());
  ASSERT_EQ(leaves.size(), 2U);
  for (const Tensor& leaf : leaves) {
    EXPECT_TRUE(leaf.is_same(model.forgotten.weight) || leaf.is_same(model.forgotten.bias));
  }
}

TEST(Unregistered, IsEmptyWhenAllIsRegistered) {
  nn::Sequential model(nn::Linear(3, 2), nn::Tanh(), nn::Linear(2, 1));
  EXPECT_TRUE(nn::unregistered(model, model(ones({1, 3})).sum()).empty());
}

TEST(Unregistered, FindsATensorThatAMemberReplacedByAnotherOne) {
  nn::Linear fc(3, 2);
  const Tensor loss = fc(ones({1, 3})).sum();
  const Tensor old = fc.weight;
  fc.weight = zeros({2, 3}, {.requires_grad = true});
  const std::vector<Tensor> leaves = nn::unregistered(fc, loss);
  ASSERT_EQ(leaves.size(), 1U);
  EXPECT_TRUE(leaves[0].is_same(old));
}

TEST(Unregistered, OfALossWithoutGraphIsEmpty) {
  EXPECT_TRUE(nn::unregistered(nn::Linear(1, 1), ones({})).empty());
}

}  // namespace
}  // namespace tarn
