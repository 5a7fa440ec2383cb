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

TEST(InPlaceAfterSave, NamesTheOpItsLineTheShapeAndTheVersions) {
  const Tensor x = variable({1, 2, 3});
  const Tensor factor = constant({4, 5, 6});
  factor.fill_(2);
  const int line = __LINE__ + 1;
  const Tensor y = sum(mul(x, factor));
  factor.add_(1);
  factor.add_(1);
  EXPECT_TRUE(fails_with<AutogradError>(
      [&] { y.backward(); },
      str("mul (line ", line, " of in_place_after_save_test.cpp) saved its input [3] for backward"),
      {"modified in place", "version 3", "expected 1", "clone()"}));
  EXPECT_FALSE(x.grad().defined());
}

TEST(InPlaceAfterSave, NamesTheLineOfAnOperatorExpression) {
  const Tensor x = variable({1, 2, 3});
  const Tensor factor = constant({4, 5, 6});
  const int line = __LINE__ + 1;
  const Tensor y = sum(x * factor);
  factor.fill_(0);
  EXPECT_TRUE(fails_with<AutogradError>(
      [&] { y.backward(); }, str("mul (line ", line, " of in_place_after_save_test.cpp)")));
}

TEST(InPlaceAfterSave, NoticesAChangeThroughAView) {
  const Tensor x = variable({1, 2, 3});
  const Tensor factor = constant({4, 5, 6});
  const Tensor y = sum(x * factor);
  factor[0].fill_(0);
  EXPECT_TRUE(fails_with<AutogradError>([&] { y.backward(); }, "mul ", {"modified in place"}));
}

TEST(InPlaceAfterSave, NoticesAChangeThroughADetachedHandle) {
  const Tensor x = variable({1, 2, 3});
  const Tensor y = sum(x * x);
  x.detach().fill_(0);
  EXPECT_TRUE(fails_with<AutogradError>([&] { y.backward(); }, "mul ", {"modified in place"}));
}

TEST(InPlaceAfterSave, NoticesAChangeOfTheOpsOutput) {
  const Tensor x = variable({1, 2, 3});
  const Tensor y = exp(x);
  const Tensor loss = sum(y);
  {
    const NoGradGuard no_grad;
    y.mul_(2);
  }
  EXPECT_TRUE(fails_with<AutogradError>([&] { loss.backward(); }, "exp ",
                                        {"saved its output [3]", "modified in place"}));
}

TEST(InPlaceAfterSave, NoticesAParameterUpdateBetweenForwardAndBackward) {
  const Tensor w = variable({2});
  const Tensor loss = sum(square(w));
  {
    const NoGradGuard no_grad;
    w.sub_(constant({0.5}));
  }
  EXPECT_TRUE(
      fails_with<AutogradError>([&] { loss.backward(); }, "square ", {"modified in place"}));
}

TEST(InPlaceAfterSave, EveryInPlaceOpCounts) {
  const auto change = [](int which, const Tensor& x) {
    const Tensor one = constant({1, 1});
    switch (which) {
      case 0:
        return void(x.fill_(1));
      case 1:
        return void(x.zero_());
      case 2:
        return void(x.copy_(one));
      case 3:
        return void(x.add_(one));
      case 4:
        return void(x.sub_(one));
      case 5:
        return void(x.mul_(one));
      case 6:
        return void(x.div_(one));
      case 7:
        return void(x.clamp_(0, 1));
      case 8:
        return void(x.add_(1));
      default:
        return void(x.mul_(1));
    }
  };
  for (int which = 0; which < 10; ++which) {
    const Tensor x = variable({1, 2});
    const Tensor factor = constant({4, 5});
    const Tensor y = sum(x * factor);
    change(which, factor);
    EXPECT_TRUE(fails_with<AutogradError>([&] { y.backward(); }, "mul ", {"version 1, expected 0"}))
        << "in-place op " << which;
  }
}

TEST(InPlaceAfterSave, WhatWasNotSavedMayChange) {
  const Tensor x = variable({1, 2});
  const Tensor c = constant({4, 5});
  const Tensor y = sum(x + c);  // the gradient of a sum needs no values
  c.fill_(0);
  y.backward();
  EXPECT_EQ(x.grad().to_vector(), (Values{1, 1}));
}

TEST(InPlaceAfterSave, AnInputWithoutGradientSavesNothingOfTheOther) {
  // d(xc)/dx needs c, d(xc)/dc is not asked for: x may change.
  const Tensor x = variable({1, 2});
  const Tensor c = constant({4, 5});
  const Tensor y = sum(x * c);
  {
    const NoGradGuard no_grad;
    x.fill_(0);
  }
  y.backward();
  EXPECT_EQ(x.grad().to_vector(), (Values{4, 5}));
}

TEST(InPlaceAfterSave, ReadingDoesNotCount) {
  const Tensor x = variable({1, 2});
  const Tensor c = constant({4, 5});
  const Tensor y = sum(x * c);
  (void)c.to_vector();
  (void)c.view({2, 1}).contiguous();
  (void)c[0].item();
  (void)sum(c);
  y.backward();
  EXPECT_EQ(x.grad().to_vector(), (Values{4, 5}));
}

}  // namespace
}  // namespace tarn::testing
