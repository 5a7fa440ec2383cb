#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/autograd/ops.h>
#include <tarn/nn/nn.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"

namespace tarn {
namespace {

using testing::fails_with;
using testing::same_bits;

// A user's block that is a Sequential.
struct Block : nn::Sequential {
  explicit Block(std::int64_t width) : Sequential(nn::Linear(width, width), nn::ReLU()) {}
};

std::vector<std::string> names(const nn::Module& module) {
  std::vector<std::string> result;
  for (const auto& [name, tensor] : module.named_parameters()) result.push_back(name);
  return result;
}

TEST(Sequential, AppliesItsModulesInOrder) {
  nn::Sequential net(nn::Linear(3, 4), nn::ReLU(), nn::Linear(4, 2));
  const Tensor x = ones({5, 3});
  const Tensor by_hand = net.at<nn::Linear>(2)(relu(net.at<nn::Linear>(0)(x)));
  EXPECT_TRUE(same_bits(net(x), by_hand));
}

TEST(Sequential, NamesItsModulesByPosition) {
  const nn::Sequential net(nn::Linear(1, 1), nn::ReLU(), nn::Linear(1, 1, {.bias = false}));
  EXPECT_EQ(names(net), (std::vector<std::string>{"0.weight", "0.bias", "2.weight"}));
}

TEST(Sequential, Nests) {
  nn::Sequential net(nn::Sequential(nn::Linear(3, 4), nn::Tanh()),
                     nn::Sequential(nn::Linear(4, 1)));
  EXPECT_EQ(net.size(), 2);
  EXPECT_EQ(names(net),
            (std::vector<std::string>{"0.0.weight", "0.0.bias", "1.0.weight", "1.0.bias"}));
  EXPECT_EQ(net(ones({2, 3})).sizes(), (Shape{2, 1}));
}

TEST(Sequential, MovesInsteadOfNestingItself) {
  nn::Sequential net(nn::Linear(3, 2));
  const Tensor weight = net.at<nn::Linear>(0).weight;
  const nn::Sequential moved(std::move(net));
  EXPECT_EQ(moved.size(), 1);
  EXPECT_TRUE(moved.at<nn::Linear>(0).weight.is_same(weight));
  const nn::Sequential made = nn::Sequential(nn::Sequential(nn::ReLU(), nn::ReLU()));
  EXPECT_EQ(made.size(), 2);
  static_assert(!std::is_copy_constructible_v<nn::Sequential>);
}

TEST(Sequential, CanBeDerivedFrom) {
  Block block(3);
  Block moved(std::move(block));
  EXPECT_EQ(moved.size(), 2);
  EXPECT_EQ(moved(ones({1, 3})).sizes(), (Shape{1, 3}));
  const nn::Sequential net(Block(3), Block(3));
  EXPECT_EQ(net.size(), 2);
  EXPECT_EQ(net.at<Block>(1).size(), 2);
  static_assert(!std::is_constructible_v<nn::Sequential, Block>);  // child or source of a move?
  nn::Sequential one;
  one.push_back(Block(3));
  EXPECT_EQ(names(one), (std::vector<std::string>{"0.0.weight", "0.0.bias"}));
}

TEST(Sequential, GrowsAndReturnsReferencesThatStayValid) {
  nn::Sequential net;
  nn::Linear& first = net.push_back(nn::Linear(3, 3));
  for (int i = 0; i < 20; ++i) net.push_back(nn::Tanh());
  std::unique_ptr<nn::Module> chosen = std::make_unique<nn::Sigmoid>();
  net.push_back(std::move(chosen));
  nn::Linear& named = net.add("head", nn::Linear(3, 1));
  EXPECT_EQ(net.size(), 23);
  EXPECT_EQ(&net[0], &first);
  EXPECT_EQ(&net[-1], &named);
  EXPECT_EQ(net(ones({2, 3})).sizes(), (Shape{2, 1}));
}

TEST(Sequential, WithoutModulesReturnsItsInput) {
  nn::Sequential net;
  const Tensor x = ones({2});
  EXPECT_TRUE(net(x).is_same(x));
}

TEST(Sequential, RefusesPositionsAndTypesThatItDoesNotHave) {
  nn::Sequential net{nn::ReLU()};
  EXPECT_TRUE(
      fails_with<IndexError>([&] { net[1]; }, "Sequential: index 1 is out of range for 1 modules"));
  EXPECT_TRUE(fails_with<IndexError>([&] { net[-2]; }, "Sequential: index -2"));
  EXPECT_TRUE(fails_with<ValueError>([&] { net.at<nn::Linear>(0); },
                                     "Sequential::at(0): the module is a ReLU"));
}

TEST(Sequential, ReportsAModuleThatTakesOtherInputs) {
  nn::Sequential net;
  net.push_back(nn::CrossEntropyLoss());
  EXPECT_TRUE(fails_with<Error>(
      [&] {
        net(ones({1, 2}));
      },
      "CrossEntropyLoss: forward(const Tensor&)"));
}

}  // namespace
}  // namespace tarn
