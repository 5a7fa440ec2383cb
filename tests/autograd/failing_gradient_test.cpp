#include <stdexcept>

#include <gtest/gtest.h>

#include <tarn/autograd/backward.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/ops.h>
#include <tarn/autograd/record.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>

#include "../tensor/expect_error.h"
#include "operands.h"

// A user's op whose gradient throws: nothing may be half done, and the engine must go on working.
namespace tarn::testing {
namespace {

const Op kFails{"test_fails"};

// The identity; its gradient throws until `remaining` is 0.
Tensor fails(const Tensor& x, int* remaining) {
  Tensor out = x.detach().clone();
  return record(kFails, Where::current(), out, wrt(x, [remaining](const Tensor& g) {
                  if (*remaining > 0) {
                    --*remaining;
                    throw std::runtime_error("the gradient failed");
                  }
                  return g;
                }));
}

TEST(FailingGradient, LeavesAllGradsAsTheyWere) {
  int remaining = 1;
  const Tensor early = variable(2);  // its gradient is known before the failure
  const Tensor late = variable(3);
  early.set_grad(tensor({10.0}, {.dtype = kFloat64}));
  const Tensor y = sum(fails(late * 2, &remaining) * early);
  EXPECT_TRUE(fails_with<std::runtime_error>([&] { y.backward({.retain_graph = true}); },
                                             "the gradient failed"));
  EXPECT_EQ(early.grad().item(), 10);
  EXPECT_FALSE(late.grad().defined());
}

TEST(FailingGradient, CanBeTriedAgainWhenTheGraphWasRetained) {
  int remaining = 1;
  const Tensor x = variable(3);
  const Tensor y = sum(fails(square(x), &remaining));
  EXPECT_THROW(y.backward({.retain_graph = true}), std::runtime_error);
  y.backward();
  EXPECT_EQ(x.grad().item(), 6);
}

TEST(FailingGradient, LeavesTheEngineUsable) {
  int remaining = 100;
  for (int i = 0; i < 100; ++i) {
    const Tensor x = variable(3);
    EXPECT_THROW(sum(fails(x * 2, &remaining)).backward(), std::runtime_error);
    EXPECT_TRUE(is_grad_enabled());
    sum(x * 5).backward();
    EXPECT_EQ(x.grad().item(), 5);
  }
}

TEST(FailingGradient, RestoresTheGradMode) {
  int remaining = 1;
  const Tensor x = variable(3);
  const Tensor y = sum(fails(x * 2, &remaining));
  const NoGradGuard no_grad;
  EXPECT_THROW(y.backward({.create_graph = true}), std::runtime_error);
  EXPECT_FALSE(is_grad_enabled());
}

TEST(FailingGradient, OfGradLeavesEverythingToo) {
  int remaining = 1;
  const Tensor x = variable(3);
  const Tensor y = sum(fails(x * 2, &remaining));
  EXPECT_THROW(grad({y}, {x}, {.retain_graph = true}), std::runtime_error);
  EXPECT_EQ(grad({y}, {x})[0].item(), 2);
}

// ---- gradients of the wrong form

const Op kWrongShape{"test_wrong_shape"};
const Op kWrongDtype{"test_wrong_dtype"};
const Op kUndefined{"test_undefined"};

TEST(BadGradient, OfAnotherShapeNamesTheOp) {
  const Tensor x = variable(3);
  const Tensor y = record(kWrongShape, Where::current(), x.detach().clone(),
                          wrt(x, [](const Tensor&) { return ones({7}, {.dtype = kFloat64}); }));
  EXPECT_TRUE(
      fails_with<ShapeError>([&] { sum(y).backward(); }, "test_wrong_shape", {"[7]", "[1]"}));
  EXPECT_FALSE(x.grad().defined());
}

TEST(BadGradient, OfAnotherDtypeNamesTheOp) {
  const Tensor x = variable(3);
  const Tensor y = record(kWrongDtype, Where::current(), x.detach().clone(),
                          wrt(x, [](const Tensor&) { return ones({1}); }));
  EXPECT_TRUE(fails_with<DTypeError>([&] { sum(y).backward(); }, "test_wrong_dtype",
                                     {"float32", "float64"}));
  EXPECT_FALSE(x.grad().defined());
}

TEST(BadGradient, UndefinedCountsAsZero) {
  const Tensor x = variable(3);
  const Tensor y = record(kUndefined, Where::current(), x.detach().clone(),
                          wrt(x, [](const Tensor&) { return Tensor(); }));
  sum(y + x).backward();
  EXPECT_EQ(x.grad().item(), 1);
}

// ---- backward inside backward

const Op kNested{"test_nested"};

TEST(NestedBackward, ARunInsideAGradientFunctionDoesNotDisturbTheOuterOne) {
  const Tensor x = variable(3);
  const Tensor h = x * 2;
  const Tensor inner_input = variable(5);
  const Tensor nested =
      record(kNested, Where::current(), h.detach().clone(), wrt(h, [inner_input](const Tensor& g) {
               const GradModeGuard enabled(true);
               const Tensor slope = grad({sum(square(inner_input))}, {inner_input})[0];
               return g * slope.detach();
             }));
  sum(nested + h).backward();
  EXPECT_EQ(x.grad().item(), 2 * (10 + 1));
  EXPECT_FALSE(inner_input.grad().defined());
}

TEST(NestedBackward, OverTheVeryGraphThatIsRunning) {
  // The inner pass walks nodes that the outer one has marked.
  const Tensor x = variable(3);
  const Tensor h = square(x);
  const Tensor below = sum(h);
  const Tensor nested =
      record(kNested, Where::current(), h.detach().clone(), wrt(h, [below, x](const Tensor& g) {
               const Tensor slope = grad({below}, {x}, {.retain_graph = true})[0];  // 6
               return g * slope.detach();
             }));
  sum(nested + h).backward();
  EXPECT_EQ(x.grad().item(), 6 * (6 + 1));
}

}  // namespace
}  // namespace tarn::testing
