#include <gtest/gtest.h>

#include <tarn/autograd/backward.h>
#include <tarn/autograd/ops.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>

#include "../tensor/expect_error.h"
#include "operands.h"

namespace tarn::testing {
namespace {

using Values = std::vector<double>;

TEST(Grad, OfLeavesLeavesTheirGradAlone) {
  const Tensor x = variable({2});
  const Tensor y = variable({5});
  const auto gradients = grad({sum(x * x * y)}, {x, y});
  EXPECT_EQ(gradients[0].item(), 20);
  EXPECT_EQ(gradients[1].item(), 4);
  EXPECT_FALSE(x.grad().defined());
  EXPECT_FALSE(y.grad().defined());
}

TEST(Grad, OfANonLeaf) {
  const Tensor x = variable({2});
  const Tensor h = x * 3;
  const Tensor y = sum(h * h);
  EXPECT_EQ(grad({y}, {h})[0].item(), 12);
}

TEST(Grad, OfANonLeafTogetherWithItsOwnLeaf) {
  const Tensor x = variable({2});
  const Tensor h = x * 3;
  const auto gradients = grad({sum(h * h)}, {h, x});
  EXPECT_EQ(gradients[0].item(), 12);
  EXPECT_EQ(gradients[1].item(), 36);
}

TEST(Grad, OfAnOutputWithRespectToItselfIsOne) {
  const Tensor x = variable({2});
  const Tensor y = sum(x * 3);
  const auto gradients = grad({y}, {y, x});
  EXPECT_EQ(gradients[0].item(), 1);
  EXPECT_EQ(gradients[1].item(), 3);
}

TEST(Grad, OfALeafThatIsItsOwnOutput) {
  const Tensor x = variable({2});
  EXPECT_EQ(grad({x}, {x})[0].item(), 1);
}

TEST(Grad, OfSeveralOutputsIsOfTheirSum) {
  const Tensor x = variable({2});
  const Tensor a = sum(x * 3);
  const Tensor b = sum(x * x);
  EXPECT_EQ(grad({a, b}, {x})[0].item(), 7);
}

TEST(Grad, OfTheSameOutputTwiceCountsTwice) {
  const Tensor x = variable({2});
  const Tensor y = sum(x * 3);
  EXPECT_EQ(grad({y, y}, {x})[0].item(), 6);
}

TEST(Grad, OfTheSameInputTwiceGivesItTwice) {
  const Tensor x = variable({2});
  const auto gradients = grad({sum(x * 3)}, {x, x});
  EXPECT_EQ(gradients[0].item(), 3);
  EXPECT_EQ(gradients[1].item(), 3);
}

TEST(Grad, OfAnOutputThatAnotherOutputDependsOn) {
  const Tensor x = variable({2});
  const Tensor h = sum(x * 3);
  const Tensor y = h * h;
  EXPECT_EQ(grad({y, h}, {x})[0].item(), 36 + 3);
}

TEST(Grad, WeighsOutputsWithGradOutputs) {
  const Tensor x = variable({1, 2});
  const Tensor weights = tensor({10.0, 100.0}, {.dtype = kFloat64});
  EXPECT_EQ(grad({x * x}, {x}, {.grad_outputs = {weights}})[0].to_vector(), (Values{20, 400}));
}

TEST(Grad, UnusedInputs) {
  const Tensor x = variable({2});
  const Tensor unused = variable({1});
  const Tensor y = sum(x * 3);
  EXPECT_TRUE(fails_with<AutogradError>(
      [&] {
        grad({y}, {x, unused}, {.retain_graph = true});
      },
      "grad: ", {"allow_unused"}));
  const auto gradients = grad({y}, {x, unused}, {.allow_unused = true});
  EXPECT_EQ(gradients[0].item(), 3);
  EXPECT_FALSE(gradients[1].defined());
}

TEST(Grad, RefusalsLeaveTheGraphUsable) {
  const Tensor x = variable({1, 2});
  const Tensor y = x * x;
  EXPECT_TRUE(fails_with<AutogradError>([&] { grad({y}, {x}); }, "grad: ", {"[2]"}));
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] { grad({y}, {x}, {.grad_outputs = {ones({3}, {.dtype = kFloat64})}}); },
      "grad: ", {"[3]", "[2]"}));
  EXPECT_TRUE(fails_with<DTypeError>([&] { grad({y}, {x}, {.grad_outputs = {ones({2})}}); },
                                     "grad: ", {"float32", "float64"}));
  EXPECT_TRUE(fails_with<ValueError>(
      [&] {
        grad({y}, {x}, {.grad_outputs = {y, y}});
      },
      "grad: ", {"2", "1"}));
  EXPECT_TRUE(fails_with<AutogradError>([&] { grad({ones({})}, {x}); }, "grad: "));
  EXPECT_TRUE(fails_with<AutogradError>(
      [&] { grad({sum(y)}, {ones({2})}, {.retain_graph = true}); }, "grad: "))
      << "an input that does not require grad";
  EXPECT_EQ(grad({sum(y)}, {x})[0].to_vector(), (Values{2, 4}));
}

TEST(Grad, FreesTheGraphUnlessAskedNotTo) {
  const Tensor x = variable({2});
  const Tensor y = sum(square(x));
  EXPECT_EQ(grad({y}, {x}, {.retain_graph = true})[0].item(), 4);
  EXPECT_EQ(grad({y}, {x})[0].item(), 4);
  EXPECT_TRUE(fails_with<AutogradError>([&] { grad({y}, {x}); }, "", {"retain_graph"}));
}

TEST(Grad, OfANonLeafDoesNotRunTheGraphBelowIt) {
  // Only what lies between outputs and inputs is needed: the part below h keeps its saved tensors.
  const Tensor x = variable({2});
  const Tensor h = square(x);
  const Tensor y = sum(square(h));
  EXPECT_EQ(grad({y}, {h})[0].item(), 8);
  h.backward();
  EXPECT_EQ(x.grad().item(), 4);
}

TEST(Grad, ResultsAreOutsideTheGraphUnlessCreateGraph) {
  const Tensor x = variable({2});
  const Tensor y = sum(x * x * x);
  EXPECT_FALSE(grad({y}, {x}, {.retain_graph = true})[0].requires_grad());
  EXPECT_TRUE(grad({y}, {x}, {.create_graph = true})[0].requires_grad());
}

TEST(GraphLeaves, AreEachListedOnce) {
  const Tensor x = variable({2});
  const Tensor w = variable({3});
  const Tensor constant = ones({1}, {.dtype = kFloat64});
  const Tensor unused = variable({4});
  const Tensor y = sum(x * w + x * constant);
  const auto leaves = graph_leaves(y);
  ASSERT_EQ(leaves.size(), 2U);
  EXPECT_TRUE((leaves[0].is_same(x) && leaves[1].is_same(w)) ||
              (leaves[0].is_same(w) && leaves[1].is_same(x)));
  EXPECT_TRUE(graph_leaves(constant).empty());
}

TEST(GraphLeaves, ForgetsLeavesThatAreGone) {
  const Tensor x = variable({2});
  Tensor y;
  {
    const Tensor gone = variable({3});
    y = x + gone;
  }
  const auto leaves = graph_leaves(y);
  ASSERT_EQ(leaves.size(), 1U);
  EXPECT_TRUE(leaves[0].is_same(x));
  sum(y).backward();
  EXPECT_EQ(x.grad().item(), 1) << "a gradient for a leaf that is gone goes nowhere";
}

TEST(GraphLeaves, OfALeafIsItself) {
  const Tensor x = variable({2});
  ASSERT_EQ(graph_leaves(x).size(), 1U);
  EXPECT_TRUE(graph_leaves(x)[0].is_same(x));
}

}  // namespace
}  // namespace tarn::testing
