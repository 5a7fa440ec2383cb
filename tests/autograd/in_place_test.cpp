#include <gtest/gtest.h>

#include <tarn/autograd/backward.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/ops.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/str.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"
#include "operands.h"

namespace tarn::testing {
namespace {

using Values = std::vector<double>;

// ---- leaves

TEST(InPlaceOnALeaf, IsRefusedWhileOpsAreRecorded) {
  const Tensor w = variable({1, 2});
  EXPECT_TRUE(fails_with<AutogradError>([&] { w.add_(1); }, "add_: ", {"leaf", "NoGradGuard"}));
  EXPECT_TRUE(fails_with<AutogradError>(
      [&] {
        w.sub_(constant({1, 1}));
      },
      "sub_: ", {"leaf", "NoGradGuard"}));
  EXPECT_TRUE(fails_with<AutogradError>([&] { w.mul_(w); }, "mul_: ", {"leaf"}));
  EXPECT_TRUE(fails_with<AutogradError>([&] { w.div_(2.0); }, "div_: ", {"leaf"}));
  EXPECT_TRUE(fails_with<AutogradError>([&] { w.copy_(constant({1, 1})); }, "copy_: ", {"leaf"}));
  EXPECT_TRUE(fails_with<AutogradError>([&] { w.fill_(0); }, "fill_: ", {"leaf"}));
  EXPECT_TRUE(fails_with<AutogradError>([&] { w.zero_(); }, "", {"leaf"}));
  EXPECT_TRUE(fails_with<AutogradError>([&] { w.clamp_(0, 1); }, "clamp_: "));
  EXPECT_EQ(w.to_vector(), (Values{1, 2})) << "a refused op did not write";
  EXPECT_EQ(w.version(), 0U);
  EXPECT_TRUE(w.is_leaf());
}

TEST(InPlaceOnALeaf, IsRefusedThroughAView) {
  const Tensor w = variable({1, 2});
  EXPECT_TRUE(fails_with<AutogradError>([&] { w[0].fill_(0); }, "fill_: ", {"view"}));
  EXPECT_TRUE(fails_with<AutogradError>([&] { w.view({2, 1}).add_(1); }, "add_: ", {"view"}));
  EXPECT_EQ(w.to_vector(), (Values{1, 2}));
}

TEST(InPlaceOnALeaf, ThatDoesNotRequireGradTakesPartInTheGraph) {
  const Tensor w = variable({1, 2});
  const Tensor total = constant({0, 0});
  total.add_(w);
  total.add_(w * w);
  EXPECT_FALSE(total.is_leaf());
  EXPECT_TRUE(total.requires_grad());
  sum(total).backward();
  EXPECT_EQ(w.grad().to_vector(), (Values{3, 5}));
}

TEST(InPlaceOnALeaf, StaysRefusedWhenAnotherLeafOnTheSameElementsGoesAway) {
  const Tensor w = variable({1, 2});
  {
    const Tensor second = w.detach();
    second.requires_grad_();
  }
  EXPECT_TRUE(fails_with<AutogradError>([&] { w[0].fill_(0); }, "fill_: "));
  {
    const Tensor third = w.detach();
    third.requires_grad_();
    third.requires_grad_(false);
  }
  EXPECT_TRUE(fails_with<AutogradError>([&] { w[0].fill_(0); }, "fill_: "));
}

// ---- recorded

TEST(InPlaceRecorded, TakesOverTheHistory) {
  const Tensor x = variable({1, 2});
  const Tensor w = variable({3, 4});
  const Tensor y = x * 1.0;
  y.add_(w, 2).mul_(5).sub_(x).div_(2);  // (5 (x + 2 w) - x) / 2
  sum(y).backward();
  EXPECT_EQ(x.grad().to_vector(), (Values{2, 2}));
  EXPECT_EQ(w.grad().to_vector(), (Values{5, 5}));
}

TEST(InPlaceRecorded, MultiplicationAndDivisionByAVariable) {
  const Tensor x = variable({2});
  const Tensor w = variable({3});
  const Tensor product = x * 1.0;
  product.mul_(w);
  EXPECT_EQ(grad({product}, {x, w})[1].item(), 2);
  const Tensor quotient = x * 1.0;
  quotient.div_(w);
  EXPECT_NEAR(grad({quotient}, {x, w})[1].item(), -2.0 / 9, 1e-15);
}

TEST(InPlaceRecorded, TimesItself) {
  const Tensor x = variable({3});
  const Tensor y = x * 1.0;
  y.mul_(y);
  EXPECT_EQ(y.item(), 9);
  EXPECT_EQ(grad({y}, {x})[0].item(), 6);
}

TEST(InPlaceRecorded, OverwritingCutsTheOldHistoryOff) {
  const Tensor x = variable({1, 2});
  const Tensor w = variable({3, 4});
  const Tensor y = x * 2.0;
  y.copy_(w);
  sum(y * 3).backward();
  EXPECT_EQ(w.grad().to_vector(), (Values{3, 3}));
  EXPECT_TRUE(!x.grad().defined() || x.grad().to_vector() == (Values{0, 0}));
}

TEST(InPlaceRecorded, FillMakesAConstant) {
  const Tensor x = variable({1, 2});
  const Tensor y = x * 2.0;
  y.fill_(7);
  sum(y * x).backward();
  EXPECT_EQ(x.grad().to_vector(), (Values{7, 7}));
}

TEST(InPlaceRecorded, SavedValuesOfTheTargetAreProtected) {
  const Tensor x = variable({1, 2});
  const Tensor y = x * 2.0;
  const Tensor squared = square(y);
  y.add_(1);
  EXPECT_TRUE(fails_with<AutogradError>([&] { sum(squared).backward(); }, "square ",
                                        {"modified in place"}));
}

TEST(InPlaceRecorded, AViewMadeBeforeSeesTheChange) {
  const Tensor x = variable({1, 2});
  const Tensor y = x * 2.0;
  const Tensor view = y.view({2, 1});
  y.add_(x);
  sum(view * view).backward();
  EXPECT_EQ(x.grad().to_vector(), (Values{18, 36})) << "d (3x)^2 = 18 x";
}

TEST(InPlaceRecorded, AChangeThroughAViewReachesTheBaseAndItsOtherViews) {
  const Tensor x = variable({1, 2});
  const Tensor y = x * 2.0;
  const Tensor other = y.slice(0, 0, 1);
  y[0].add_(x[1]);
  sum(y).backward();
  EXPECT_EQ(x.grad().to_vector(), (Values{2, 3}));
  EXPECT_EQ(other.grad_fn_name(), "as_strided");
}

TEST(InPlaceRecorded, AConstantBaseTakesPartOnceAPartDoes) {
  const Tensor w = variable({1, 2});
  const Tensor buffer = constant({0, 0});
  const Tensor early = buffer[0];
  EXPECT_FALSE(early.requires_grad());
  buffer[0].copy_(w[1]);
  EXPECT_TRUE(buffer.requires_grad());
  EXPECT_FALSE(buffer.is_leaf());
  EXPECT_TRUE(early.requires_grad());
  EXPECT_EQ(buffer.to_vector(), (Values{2, 0}));
  sum(buffer * constant({3, 5}) + early).backward();
  EXPECT_EQ(w.grad().to_vector(), (Values{0, 5}))
      << "3 through buffer, 1 + 1 through early, which broadcasts";
}

TEST(InPlaceRecorded, FillingATensorRowByRowIsDifferentiable) {
  const Tensor w = variable({1, 2});
  const Tensor out = zeros({3, 2}, {.dtype = kFloat64});
  for (int i = 0; i < 3; ++i) out[i].copy_(w * static_cast<double>(i + 1));
  sum(out * out).backward();
  EXPECT_EQ(w.grad().to_vector(), (Values{28, 56})) << "2 (1 + 4 + 9) w";
}

TEST(InPlaceRecorded, ADetachedTwinIsStale) {
  const Tensor x = variable({1, 2});
  const Tensor y = x * 2.0;
  const Tensor twin = y.detach();
  y.add_(x);
  EXPECT_TRUE(fails_with<AutogradError>([&] { sum(twin * x); }, "mul: ", {"[2]", "in-place"}));
}

TEST(InPlaceRecorded, AViewMadeUnderNoGradStaysOutsideTheGraph) {
  const Tensor x = variable({1, 2});
  const Tensor y = x * 2.0;
  Tensor view;
  {
    const NoGradGuard guard;
    view = y[0];
  }
  EXPECT_FALSE(view.requires_grad());
  y.mul_(2.0);
  EXPECT_FALSE(view.requires_grad());
}

TEST(InPlaceRecorded, KeepsDtypeAndLayoutOfTheTarget) {
  const Tensor x = tensor({1.0F, 2.0F}, {.requires_grad = true});
  const Tensor w = variable({3, 4});
  const Tensor y = x * 1.0;
  const float* const address = y.data_ptr<float>();
  y.add_(w);
  EXPECT_EQ(y.dtype(), kFloat32);
  EXPECT_EQ(y.data_ptr<float>(), address);
  sum(y).backward();
  EXPECT_EQ(x.grad().dtype(), kFloat32);
  EXPECT_EQ(w.grad().dtype(), kFloat64);
}

TEST(InPlaceRecorded, ARefusedOpLeavesTheHistory) {
  const Tensor x = variable({1, 2});
  const Tensor y = x * 2.0;
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] {
        y.add_(variable({1, 2, 3}));
      },
      "add_: ", {"[2]", "[3]"}));
  EXPECT_EQ(y.to_vector(), (Values{2, 4}));
  sum(y).backward();
  EXPECT_EQ(x.grad().to_vector(), (Values{2, 2}));
}

// ---- shared elements

TEST(InPlaceOverlap, ReadsAllBeforeItWrites) {
  const Tensor square_matrix = from_vector<double>({1, 2, 3, 4}, {2, 2});
  square_matrix.add_(square_matrix.t());
  EXPECT_EQ(square_matrix.to_vector(), (Values{2, 5, 5, 8}));
  const Tensor row = constant({1, 2, 3, 4});
  row.slice(0, 1, 4).copy_(row.slice(0, 0, 3));
  EXPECT_EQ(row.to_vector(), (Values{1, 1, 2, 3}));
  const Tensor next = constant({1, 2, 3, 4});
  next.slice(0, 1, 4).add_(next.slice(0, 0, 3));
  EXPECT_EQ(next.to_vector(), (Values{1, 3, 5, 7}));
  const Tensor first = constant({1, 2, 3});
  first.mul_(first[1]);
  EXPECT_EQ(first.to_vector(), (Values{2, 4, 6}));
}

TEST(InPlaceOverlap, OfManyElementsOnSeveralThreads) {
  const std::int64_t n = 200'000;
  const Tensor x = arange(n, {.dtype = kFloat64});
  x.slice(0, 1, n).add_(x.slice(0, 0, n - 1));
  const Values values = x.to_vector();
  for (std::int64_t i = 1; i < n; ++i)
    ASSERT_EQ(values[static_cast<std::size_t>(i)], static_cast<double>(2 * i - 1));
}

TEST(InPlaceOverlap, OfADestinationThatOverlapsItselfIsRefused) {
  const Tensor windows = empty_strided({3, 2}, {1, 1}, {.dtype = kFloat64});
  EXPECT_TRUE(fails_with<ShapeError>([&] { windows.add_(1); }, "add_: ", {"[3, 2]"}));
}

}  // namespace
}  // namespace tarn::testing
