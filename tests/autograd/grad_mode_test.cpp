#include <thread>

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

TEST(NoGradGuard, KeepsOpsOutOfTheGraph) {
  const Tensor x = variable({2});
  {
    const NoGradGuard no_grad;
    const Tensor y = x * 3;
    EXPECT_FALSE(y.requires_grad());
    EXPECT_TRUE(y.is_leaf());
    EXPECT_EQ(y.grad_fn_name(), "");
    EXPECT_TRUE(x.requires_grad()) << "the guard is about ops, not about tensors";
  }
  EXPECT_TRUE((x * 3).requires_grad());
}

TEST(NoGradGuard, NestsAndEndsWithItsScopeAlsoAfterAnException) {
  const NoGradGuard outer;
  try {
    const NoGradGuard inner;
    throw ValueError("out");
  } catch (const ValueError&) {
  }
  EXPECT_FALSE(is_grad_enabled());
  {
    const GradModeGuard enabled(true);
    EXPECT_TRUE((variable({1}) * 2).requires_grad());
  }
  EXPECT_FALSE(is_grad_enabled());
}

TEST(NoGradGuard, IsAboutItsThreadOnly) {
  const NoGradGuard no_grad;
  bool enabled_elsewhere = false;
  std::thread([&] { enabled_elsewhere = is_grad_enabled(); }).join();
  EXPECT_TRUE(enabled_elsewhere);
}

TEST(NoGradGuard, AConstantInsideAGraphGetsNoGradient) {
  const Tensor x = variable({2});
  Tensor target;
  {
    const NoGradGuard no_grad;
    target = x * 3;
  }
  sum(x * target).backward();
  EXPECT_EQ(x.grad().item(), 6);
}

TEST(NoGradGuard, LetsALeafBeUpdated) {
  const Tensor w = variable({2});
  sum(w * w).backward();
  {
    const NoGradGuard no_grad;
    w.sub_(w.grad(), 0.25);
  }
  EXPECT_EQ(w.item(), 1);
  EXPECT_TRUE(w.requires_grad());
  EXPECT_TRUE(w.is_leaf());
  w.set_grad({});
  sum(w * w).backward();
  EXPECT_EQ(w.grad().item(), 2) << "the next graph sees the new value";
}

TEST(Detach, SharesElementsButNotTheGraph) {
  const Tensor x = variable({2});
  const Tensor y = x * 3;
  const Tensor d = y.detach();
  EXPECT_FALSE(d.requires_grad());
  EXPECT_TRUE(d.is_leaf());
  EXPECT_EQ(d.data_ptr<double>(), y.data_ptr<double>());
  sum(y * d).backward();
  EXPECT_EQ(x.grad().item(), 18);
}

TEST(Detach, OfALeafDoesNotTouchTheLeaf) {
  const Tensor x = variable({2});
  const Tensor d = x.detach();
  EXPECT_FALSE(d.requires_grad());
  EXPECT_TRUE(x.requires_grad());
  d.fill_(5);
  EXPECT_EQ(x.item(), 5);
}

TEST(RequiresGrad, IsForFloatingTypesOnly) {
  for (const DType dtype : {kInt64, kInt32, kUInt8, kBool}) {
    const Tensor x = ones({2}, {.dtype = dtype});
    EXPECT_TRUE(
        fails_with<DTypeError>([&] { x.requires_grad_(); }, "requires_grad_: ", {name(dtype)}));
    EXPECT_FALSE(x.requires_grad());
    x.requires_grad_(false);
    EXPECT_TRUE(fails_with<DTypeError>([&] { ones({2}, {.dtype = dtype, .requires_grad = true}); },
                                       "", {name(dtype)}));
  }
  EXPECT_TRUE(ones({2}).requires_grad_().requires_grad());
  EXPECT_TRUE(ones({2}, {.dtype = kFloat64}).requires_grad_().requires_grad());
}

TEST(RequiresGrad, CannotTakeAResultOutOfItsGraph) {
  const Tensor y = variable({2}) * 3;
  EXPECT_TRUE(fails_with<AutogradError>([&] { y.requires_grad_(false); },
                                        "requires_grad_: ", {"mul", "detach"}));
  EXPECT_TRUE(y.requires_grad());
  y.requires_grad_(true);  // it does already
}

TEST(RequiresGrad, CanBeTurnedOffAndOnAgainForALeaf) {
  const Tensor x = variable({2});
  sum(x * 3).backward();
  x.requires_grad_(false);
  EXPECT_FALSE((x * 3).requires_grad());
  EXPECT_EQ(x.grad().item(), 3) << "its grad stays";
  x.requires_grad_();
  sum(x * 4).backward();
  EXPECT_EQ(x.grad().item(), 7);
}

TEST(RequiresGrad, TurnedOffAfterTheForwardPassReceivesNothing) {
  const Tensor x = variable({2});
  const Tensor w = variable({5});
  const Tensor y = sum(x * w);
  x.requires_grad_(false);
  y.backward();
  EXPECT_FALSE(x.grad().defined());
  EXPECT_EQ(w.grad().item(), 2);
}

TEST(RequiresGrad, FrozenParametersStopNothingBelowThem) {
  const Tensor x = variable({2});
  const Tensor frozen = tensor({5.0}, {.dtype = kFloat64});
  sum(x * frozen).backward();
  EXPECT_EQ(x.grad().item(), 5);
  EXPECT_FALSE(frozen.grad().defined());
}

TEST(GradFn, NamesTheOp) {
  const Tensor x = variable({2});
  EXPECT_EQ(x.grad_fn_name(), "");
  EXPECT_TRUE(x.is_leaf());
  EXPECT_EQ((x + x).grad_fn_name(), "add");
  EXPECT_EQ(relu(x).grad_fn_name(), "relu");
  EXPECT_FALSE(relu(x).is_leaf());
}

}  // namespace
}  // namespace tarn::testing
