#include <gtest/gtest.h>

#include <tarn/autograd/backward.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/ops.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>

#include "../tensor/expect_error.h"
#include "operands.h"

namespace tarn::testing {
namespace {

using Values = std::vector<double>;

TEST(Backward, MultipliesDerivativesAlongTheChain) {
  const Tensor x = variable({1, 2, 3});
  sum(square(x * 3)).backward();  // d/dx sum (3x)^2 = 18x
  EXPECT_EQ(x.grad().to_vector(), (Values{18, 36, 54}));
}

TEST(Backward, AccumulatesIntoGrad) {
  const Tensor x = variable({1, 2});
  for (int i = 1; i <= 3; ++i) {
    sum(square(x)).backward();
    EXPECT_EQ(x.grad().to_vector(), (Values{2.0 * i, 4.0 * i}));
  }
}

TEST(Backward, AddsToAGradThatWasSetByHand) {
  const Tensor x = variable({1, 2});
  x.set_grad(tensor({10.0, 20.0}, {.dtype = kFloat64}));
  sum(x * 2).backward();
  EXPECT_EQ(x.grad().to_vector(), (Values{12, 22}));
}

TEST(Backward, LeavesAGradThatSomeoneHoldsReadableAsItWas) {
  // PyTorch accumulates in place: whoever holds the grad sees the sum. What may not happen is that
  // a clone changes.
  const Tensor x = variable({1});
  sum(x * 2).backward();
  const Tensor copy = x.grad().clone();
  sum(x * 3).backward();
  EXPECT_EQ(copy.item(), 2);
  EXPECT_EQ(x.grad().item(), 5);
}

TEST(Backward, TwoLeavesDoNotShareOneGrad) {
  // add hands the same gradient to both sides: accumulating into one must not change the other
  const Tensor a = variable({1});
  const Tensor b = variable({2});
  sum(a + b).backward();
  sum(a * 10).backward();
  EXPECT_EQ(a.grad().item(), 11);
  EXPECT_EQ(b.grad().item(), 1);
}

TEST(Backward, TwoLeavesDoNotShareOneGradWithCreateGraphEither) {
  const Tensor a = variable({1});
  const Tensor b = variable({2});
  sum(square(a + b)).backward({.create_graph = true});
  {
    const NoGradGuard no_grad;
    a.grad().zero_();
  }
  EXPECT_EQ(a.grad().item(), 0);
  EXPECT_EQ(b.grad().item(), 6);
  a.set_grad({});
  b.set_grad({});
}

TEST(Backward, WithCreateGraphGivesGradsThatCanBeWrittenTo) {
  const Tensor x = variable({1, 2, 3});
  square(sum(x)).backward({.create_graph = true});  // the gradient of the sum is an expanded number
  const NoGradGuard no_grad;
  x.grad().mul_(2);
  EXPECT_EQ(x.grad().to_vector(), (Values{24, 24, 24}));
  x.set_grad({});
}

TEST(Backward, GradDoesNotShareElementsWithTheGradientPassedIn) {
  const Tensor x = variable({1, 2});
  const Tensor gradient = tensor({1.0, 1.0}, {.dtype = kFloat64});
  const Tensor y = x.view({2});
  y.backward(gradient);
  gradient.fill_(100);
  EXPECT_EQ(x.grad().to_vector(), (Values{1, 1}));
  x.grad().fill_(7);
  EXPECT_EQ(gradient.to_vector(), (Values{100, 100}));
}

TEST(Backward, SumsOverADiamond) {
  const Tensor x = variable({3});
  const Tensor a = x * 2;
  const Tensor b = a * 5;
  const Tensor c = a * 7;
  sum(b * c).backward();  // 140 x^2
  EXPECT_DOUBLE_EQ(x.grad().item(), 840);
}

TEST(Backward, TakesTheSameTensorTwice) {
  const Tensor x = variable({3});
  sum(x * x).backward();
  EXPECT_EQ(x.grad().item(), 6);
  const Tensor y = variable({3});
  sum(y - y).backward();
  EXPECT_EQ(y.grad().item(), 0);
}

TEST(Backward, WaitsForAllUsesBeforeItGoesOn) {
  // The short path from x to the end must not run a's node before the long one has added to its
  // gradient.
  const Tensor x = variable({2});
  const Tensor a = x * 3;
  Tensor longer = a;
  for (int i = 0; i < 10; ++i) longer = longer * 1.0;
  sum(longer + a).backward();
  EXPECT_EQ(x.grad().item(), 6);
}

TEST(Backward, CountsEachUseOfAScalarLeaf) {
  const Tensor w = scalar_tensor(2.0, {.dtype = kFloat64});
  w.requires_grad_();
  Tensor power = w;
  for (int i = 1; i < 10; ++i) power = power * w;
  power.backward();
  EXPECT_DOUBLE_EQ(w.grad().item(), 10 * 512);
}

TEST(Backward, OfALeafItselfGivesOne) {
  const Tensor x = variable({4});
  sum(x).backward();
  x.backward();
  EXPECT_EQ(x.grad().item(), 2);
}

TEST(Backward, OneElementOfAnyShapeNeedsNoGradient) {
  const Tensor x = variable({1, 2});
  sum(x, {0}, true).view({1, 1, 1}).backward();
  EXPECT_EQ(x.grad().to_vector(), (Values{1, 1}));
}

TEST(Backward, GivesEmptyLeavesAnEmptyGrad) {
  const Tensor x = zeros({0, 3}, {.requires_grad = true});
  sum(x * 2).backward();
  ASSERT_TRUE(x.grad().defined());
  EXPECT_EQ(x.grad().sizes(), Shape({0, 3}));
}

TEST(Backward, LeavesThatWereNotReachedHaveNoGrad) {
  const Tensor x = variable({1});
  const Tensor unused = variable({1});
  sum(x * 2).backward();
  EXPECT_FALSE(unused.grad().defined());
}

TEST(Backward, GradOfAStridedLeafHasItsShape) {
  const Tensor x = zeros({3, 2}, {.dtype = kFloat64}).t().requires_grad_();
  const Tensor weights = from_vector<double>({1, 2, 3, 4, 5, 6}, {2, 3});
  sum(x * weights).backward();
  EXPECT_EQ(x.grad().sizes(), Shape({2, 3}));
  EXPECT_EQ(x.grad().to_vector(), (Values{1, 2, 3, 4, 5, 6}));
}

TEST(Backward, GradOfAnExpandedLeafIsPerElement) {
  const Tensor x = zeros({1, 2}, {.dtype = kFloat64}).expand({3, 2}).requires_grad_();
  const Tensor weights = from_vector<double>({1, 2, 3, 4, 5, 6}, {3, 2});
  for (int i = 1; i <= 2; ++i) {
    sum(x * weights).backward();
    EXPECT_EQ(x.grad().to_vector(), (Values{1.0 * i, 2.0 * i, 3.0 * i, 4.0 * i, 5.0 * i, 6.0 * i}));
  }
}

TEST(Backward, UsesTheGradientFromTheLeft) {
  const Tensor x = variable({1, 2});
  (x * x).backward(tensor({10.0, 100.0}, {.dtype = kFloat64}));
  EXPECT_EQ(x.grad().to_vector(), (Values{20, 400}));
}

TEST(Backward, DoesNotRecordItselfUnlessAsked) {
  const Tensor x = variable({2});
  sum(x * x * x).backward();
  EXPECT_FALSE(x.grad().requires_grad());
  EXPECT_TRUE(is_grad_enabled());
}

TEST(Backward, RestoresTheGradModeOfTheCaller) {
  const Tensor x = variable({2});
  const Tensor y = sum(x * x);
  {
    const NoGradGuard no_grad;
    y.backward({.create_graph = true});
    EXPECT_FALSE(is_grad_enabled());
  }
  EXPECT_TRUE(is_grad_enabled());
  EXPECT_TRUE(x.grad().requires_grad());
}

TEST(Backward, WorksUnderNoGrad) {
  const Tensor x = variable({2});
  const Tensor y = sum(x * x);
  const NoGradGuard no_grad;
  y.backward();
  EXPECT_EQ(x.grad().item(), 4);
}

TEST(Backward, MixedPrecisionGivesEachLeafItsOwnDtype) {
  const Tensor a = tensor({1.5F}, {.requires_grad = true});
  const Tensor b = variable({2});
  sum(a * b).backward();
  EXPECT_EQ(a.grad().dtype(), kFloat32);
  EXPECT_EQ(b.grad().dtype(), kFloat64);
  EXPECT_EQ(a.grad().item(), 2);
  EXPECT_EQ(b.grad().item(), 1.5);
}

}  // namespace
}  // namespace tarn::testing
