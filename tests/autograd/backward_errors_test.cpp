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

// ---- twice

TEST(BackwardTwice, SaysHowToKeepTheGraph) {
  const Tensor x = variable({2});
  const Tensor y = sum(square(x));
  y.backward();
  EXPECT_TRUE(fails_with<AutogradError>(
      [&] { y.backward(); }, "backward: this graph has already been freed by an earlier backward()",
      {"retain_graph = true"}));
  EXPECT_EQ(x.grad().item(), 4) << "the failed call added nothing";
}

TEST(BackwardTwice, ThroughASharedPartIsRefusedBeforeAnythingIsAdded) {
  const Tensor x = variable({2});
  const Tensor z = variable({3});
  const Tensor shared = square(x);
  sum(shared * 2).backward();
  const double before = x.grad().item();
  const Tensor second = sum(shared * z);
  EXPECT_TRUE(
      fails_with<AutogradError>([&] { second.backward(); }, "backward: ", {"retain_graph"}));
  EXPECT_EQ(x.grad().item(), before);
  EXPECT_FALSE(z.grad().defined());
}

TEST(BackwardTwice, WorksWithRetainGraph) {
  const Tensor x = variable({2});
  const Tensor y = sum(exp(square(x)));
  y.backward({.retain_graph = true});
  const double once = x.grad().item();
  y.backward({.retain_graph = true});
  EXPECT_DOUBLE_EQ(x.grad().item(), 2 * once);
  y.backward();
  EXPECT_DOUBLE_EQ(x.grad().item(), 3 * once);
  EXPECT_TRUE(fails_with<AutogradError>([&] { y.backward(); }, "backward: ", {"retain_graph"}));
}

TEST(BackwardTwice, OnGraphsThatShareOnlyLeavesWorks) {
  const Tensor x = variable({2});
  const Tensor a = sum(square(x));
  const Tensor b = sum(square(x));
  a.backward();
  b.backward();
  EXPECT_EQ(x.grad().item(), 8);
}

// ---- refused

TEST(BackwardErrors, NonScalarWithoutAGradient) {
  const Tensor y = zeros({64, 10}, {.requires_grad = true}) * 2;
  EXPECT_TRUE(fails_with<AutogradError>([&] { y.backward(); }, "backward: ", {"[64, 10]"}));
  EXPECT_TRUE(fails_with<AutogradError>(
      [] { (zeros({0}, {.requires_grad = true}) * 2).backward(); }, "backward: ", {"[0]"}));
}

TEST(BackwardErrors, GradientOfAnotherShapeOrDtype) {
  const Tensor x = zeros({2, 3}, {.requires_grad = true});
  const Tensor y = x * 2;
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] {
        y.backward(ones({3, 2}));
      },
      "backward: ", {"[3, 2]", "[2, 3]"}));
  EXPECT_TRUE(
      fails_with<ShapeError>([&] { y.backward(ones({})); }, "backward: ", {"[]", "[2, 3]"}));
  EXPECT_TRUE(fails_with<DTypeError>(
      [&] {
        y.backward(ones({2, 3}, {.dtype = kFloat64}));
      },
      "backward: ", {"float64", "float32"}));
  EXPECT_FALSE(x.grad().defined());
  y.backward(ones({2, 3}));
  EXPECT_EQ(x.grad().to_vector(), Values(6, 2.0)) << "the refused calls left the graph as it was";
}

TEST(BackwardErrors, WithoutAGraph) {
  EXPECT_TRUE(fails_with<AutogradError>([] { ones({}).backward(); }, "backward: ", {"require"}));
  EXPECT_TRUE(fails_with<AutogradError>(
      [] {
        const Tensor x = ones({}, {.requires_grad = true});
        const NoGradGuard no_grad;
        (x * 2).backward();
      },
      "backward: ", {"NoGradGuard"}));
  EXPECT_TRUE(fails_with<AutogradError>([] { sum(ones({3}, {.dtype = kInt64})).backward(); },
                                        "backward: "));
  EXPECT_TRUE(fails_with<ValueError>([] { Tensor().backward(); }, "", {"undefined"}));
}

// ---- set_grad

TEST(SetGrad, TakesOnlyItsShapeAndDtype) {
  const Tensor x = variable({1, 2});
  EXPECT_TRUE(fails_with<ShapeError>([&] { x.set_grad(ones({3}, {.dtype = kFloat64})); },
                                     "set_grad: ", {"[3]", "[2]"}));
  EXPECT_TRUE(
      fails_with<DTypeError>([&] { x.set_grad(ones({2})); }, "set_grad: ", {"float32", "float64"}));
  EXPECT_FALSE(x.grad().defined());
  x.set_grad(ones({2}, {.dtype = kFloat64}));
  EXPECT_EQ(x.grad().to_vector(), (Values{1, 1}));
  x.set_grad({});
  EXPECT_FALSE(x.grad().defined());
}

}  // namespace
}  // namespace tarn::testing
