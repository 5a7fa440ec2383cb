#include <gtest/gtest.h>

#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/state_dict.h>

#include "expect_error.h"

namespace tarn::testing {
namespace {

TEST(StateDict, KeepsTheOrderOfInsertion) {
  StateDict dict;
  dict.set("b", zeros({1}));
  dict.set("a", ones({1}));
  dict.set("b", ones({2}));  // replaces, in its old place
  ASSERT_EQ(dict.size(), 2U);
  EXPECT_EQ(dict.begin()->first, "b");
  EXPECT_EQ(dict.begin()->second.sizes(), Shape({2}));
  EXPECT_FALSE(dict.empty());
  EXPECT_TRUE(StateDict().empty());
}

TEST(StateDict, FindsByName) {
  StateDict dict;
  dict.set("fc.weight", ones({2}));
  EXPECT_TRUE(dict.contains("fc.weight"));
  EXPECT_FALSE(dict.contains("fc"));
  EXPECT_EQ(dict.find("weight"), nullptr);
  EXPECT_EQ(dict.at("fc.weight").numel(), 2);
  EXPECT_TRUE(
      fails_with<IndexError>([&] { (void)dict.at("fc.bias"); }, "state dict: ", {"fc.bias"}));
}

TEST(StateDict, MergesUnderAPrefixAndTakesItOffAgain) {
  StateDict inner;
  inner.set("weight", ones({2}));
  inner.set("bias", zeros({1}));
  StateDict outer;
  outer.set("step", scalar_tensor(3));
  outer.merge("model.", inner);
  EXPECT_EQ(outer.size(), 3U);
  EXPECT_TRUE(outer.contains("model.bias"));
  const StateDict back = outer.sub("model.");
  EXPECT_EQ(back.size(), 2U);
  EXPECT_EQ(back.at("weight").numel(), 2);
  EXPECT_TRUE(outer.sub("optimizer.").empty());
}

TEST(StateDict, SharesElementsUntilCloned) {
  const Tensor w = ones({2}, {.requires_grad = true});
  StateDict dict;
  dict.set("w", w);
  const StateDict copy = dict.clone();
  w.detach().fill_(5);
  EXPECT_EQ(dict.at("w").to_vector()[0], 5);
  EXPECT_EQ(copy.at("w").to_vector()[0], 1);
  EXPECT_FALSE(copy.at("w").requires_grad());
}

}  // namespace
}  // namespace tarn::testing
