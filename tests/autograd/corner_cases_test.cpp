#include <cmath>
#include <limits>
#include <memory>

#include <gtest/gtest.h>

#include <tarn/autograd/backward.h>
#include <tarn/autograd/ops.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>

#include "../tensor/expect_error.h"
#include "operands.h"

// Where types, values or shapes meet that seldom do; all of it as in PyTorch, which a comparison of
// random calls brought up.
namespace tarn::testing {
namespace {

using Values = std::vector<double>;

TEST(CornerCases, QuotientsWithANumberAreTakenInFloatingPoint) {
  const Tensor x = tensor({255, 7}, {.dtype = kUInt8});
  EXPECT_EQ((x / -1).to_vector(), (Values{-255, -7}));
  EXPECT_EQ((-7 / x[1]).item(), -1);
}

TEST(CornerCases, FloatingBoundsMakeIntegersFloating) {
  const Tensor x = tensor({-3, 0, 4});
  const Tensor y = clamp(x, -1.5, 2.5);
  EXPECT_EQ(y.dtype(), kFloat32);
  EXPECT_EQ(y.to_vector(), (Values{-1.5, 0, 2.5}));
  EXPECT_EQ(clamp_min(x, 0.5).to_vector(), (Values{0.5, 0.5, 4}));
  EXPECT_EQ(clamp_max(x, 1).dtype(), kInt64);
  EXPECT_TRUE(
      fails_with<DTypeError>([&] { x.clamp_(-1.5, 2.5); }, "clamp_: ", {"float32", "int64"}));
  EXPECT_EQ(x.to_vector(), (Values{-3, 0, 4}));
}

TEST(CornerCases, OnlyTheValueThatStaysHasAGradient) {
  const Tensor values = variable({1, 2, 3});
  const Tensor x = constant({0, 0, 0, 0}).clone();
  x.index_put_({tensor({2, 0, 2})}, values);
  EXPECT_EQ(x.to_vector(), (Values{2, 0, 3, 0}));
  (x * constant({10, 20, 30, 40})).sum().backward();
  EXPECT_EQ(values.grad().to_vector(), (Values{0, 10, 30}));
}

TEST(CornerCases, CountsThatNoMemoryHoldsAreErrors) {
  const std::int64_t many = std::int64_t{1} << 62;
  EXPECT_THROW(repeat(f32({2, 3}), {1, many}), ShapeError);
  EXPECT_THROW(repeat(f32({2, 3}), {many / 32, 1}), OutOfMemory);
  EXPECT_EQ(repeat(f32({0, 3}), {many, 2}).sizes(), Shape({0, 6}));
  EXPECT_TRUE(
      fails_with<ValueError>([&] { chunk(f32({0}), many); }, "chunk: 4611686018427387904 parts"));
  EXPECT_TRUE(fails_with<ValueError>([&] { split(f32({1}).expand({many}), 1); },
                                     "split: 4611686018427387904 parts"));
  EXPECT_EQ(chunk(f32({0}), 3).size(), 3U);
}

TEST(CornerCases, RepetitionsOfOneElementCostNoMoreThanTheirElements) {
  const Tensor x = variable({3});
  const Tensor y = repeat(x, {1000, 1000});
  EXPECT_EQ(y.sizes(), Shape({1000, 1000}));
  EXPECT_EQ(y.sum().item(), 3e6);
  y.sum().backward();
  EXPECT_EQ(x.grad().item(), 1e6);
}

TEST(CornerCases, ConversionsToIntegersAreDefinedForEveryNumber) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  const Tensor x = constant({std::nan(""), kInf, -kInf, 1e300, -2147483649.5, 2147483647.5, -2.9});
  constexpr auto low = std::numeric_limits<std::int32_t>::min();
  constexpr auto high = std::numeric_limits<std::int32_t>::max();
  EXPECT_EQ(x.to(kInt32).to_vector<std::int32_t>(),
            (std::vector<std::int32_t>{0, high, low, high, low, high, -2}));
  constexpr auto lowest = std::numeric_limits<std::int64_t>::min();
  constexpr auto highest = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(x.to(kInt64).to_vector<std::int64_t>(),
            (std::vector<std::int64_t>{0, highest, lowest, highest, -2147483649, 2147483647, -2}));
  EXPECT_EQ(x.to(kFloat32).to(kInt64).to_vector<std::int64_t>(),
            (std::vector<std::int64_t>{0, highest, lowest, highest, -2147483648, 2147483648, -2}));
  EXPECT_EQ(constant({-1, 256, 300.5, std::nan("")}).to(kUInt8).to_vector(),
            (Values{255, 0, 44, 0}));
}

TEST(CornerCases, IntegersWrapAround) {
  const Tensor x = tensor({std::numeric_limits<std::int64_t>::max(), std::int64_t{-3}});
  EXPECT_EQ((x + 1).to_vector<std::int64_t>()[0], std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ((x * x).to_vector<std::int64_t>(), (std::vector<std::int64_t>{1, 9}));
  EXPECT_EQ(sum(x + x).item<std::int64_t>(), -8);
  EXPECT_EQ((tensor({200}, {.dtype = kUInt8}) + 100).item<std::int64_t>(), 44);
}

TEST(CornerCases, NumbersThatATypeCannotHoldAreRefused) {
  const Tensor x = tensor({1, 2}, {.dtype = kInt32});
  EXPECT_TRUE(fails_with<ValueError>([&] { x.fill_(3000000000); }, "3000000000 ", {"int32"}));
  EXPECT_TRUE(fails_with<ValueError>([&] { x.fill_(std::numeric_limits<double>::infinity()); },
                                     "inf ", {"int32"}));
  EXPECT_TRUE(fails_with<ValueError>([&] { x.masked_fill(x > 0, 1e30); }, "", {"int32"}));
  EXPECT_TRUE(fails_with<ValueError>([] { full({2}, 256, {.dtype = kUInt8}); }, "256 ", {"uint8"}));
  EXPECT_TRUE(fails_with<ValueError>([] { tensor({256}, {.dtype = kUInt8}); }, "256 ", {"uint8"}));
  EXPECT_EQ(x.to_vector(), (Values{1, 2}));
  EXPECT_EQ(full({1}, -1, {.dtype = kUInt8}).item(), 255);
  EXPECT_EQ(full({1}, std::numeric_limits<std::int64_t>::min()).item<std::int64_t>(),
            std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(
      full({1}, std::numeric_limits<std::int64_t>::max(), {.dtype = kInt64}).item<std::int64_t>(),
      std::numeric_limits<std::int64_t>::max());
}

TEST(CornerCases, ABoolTensorTakesNoNumbersInPlace) {
  const Tensor mask = tensor({true, false});
  EXPECT_TRUE(fails_with<DTypeError>(
      [&] {
        mask.mul_(tensor({2, 3}));
      },
      "mul_: ", {"int64", "bool"}));
  EXPECT_TRUE(fails_with<DTypeError>([&] { mask.add_(1); }, "add_: ", {"int64", "bool"}));
  EXPECT_EQ(mask.to_vector(), (Values{1, 0}));
}

TEST(CornerCases, WhatIsOverwrittenWithPlainValuesStaysInTheGraph) {
  for (const bool filled : {true, false}) {
    const Tensor x = variable({1, 2});
    const Tensor y = x * 2.0;
    if (filled) {
      y.fill_(7);
    } else {
      y.copy_(constant({7, 7}));
    }
    EXPECT_TRUE(y.requires_grad());
    EXPECT_EQ(y.to_vector(), (Values{7, 7}));
    y.sum().backward();
    EXPECT_EQ(x.grad().to_vector(), (Values{0, 0}));
  }
}

TEST(CornerCases, SecondDerivativesThroughAViewMadeBeforeAChange) {
  const Tensor x = variable({1, 2});
  const Tensor y = x * 2.0;
  const Tensor view = y.view({2});
  y.mul_(3);  // y = 6 x
  const Tensor cubes = view * view * view;
  const Tensor slope = grad({cubes.sum()}, {x}, {.create_graph = true})[0];  // 648 x^2
  EXPECT_EQ(slope.to_vector(), (Values{648, 2592}));
  EXPECT_EQ(grad({slope.sum()}, {x})[0].to_vector(), (Values{1296, 2592}));
}

TEST(CornerCases, A0dTensorOfIntegersIndexesLikeItsNumber) {
  const Tensor x = arange(24).view({2, 3, 4});
  const Tensor columns = tensor({0, 3});
  const Tensor picked = index(x, {scalar_tensor(1), Slice(), columns});
  EXPECT_EQ(picked.sizes(), Shape({3, 2}));
  EXPECT_TRUE(equal(picked, index(x, {1, Slice(), columns})));
  EXPECT_TRUE(fails_with<IndexError>([&] { index(x, {scalar_tensor(2)}); }, "select: index 2"));
}

TEST(CornerCases, EmptyAnd0dTensors) {
  EXPECT_EQ(chunk(zeros({0, 2}), 3).size(), 3U);
  EXPECT_TRUE(fails_with<IndexError>([] { flatten(scalar_tensor(1), 2); }, "flatten: dim 2"));
  EXPECT_TRUE(
      fails_with<ValueError>([] { topk(scalar_tensor(1), 0); }, "topk: k = 0", {"expected 1"}));
  EXPECT_EQ(from_blob<float>(nullptr, {0}, std::make_shared<int>()).numel(), 0);
  EXPECT_TRUE(fails_with<ValueError>([] { one_hot(zeros({0}, {.dtype = kInt64})); }, "one_hot: "));
}

TEST(CornerCases, WrongArgumentsOfTheShapingOps) {
  EXPECT_TRUE(fails_with<ShapeError>([] { repeat(ones({2, 3}), {2}); }, "repeat: ", {"[2, 3]"}));
  EXPECT_TRUE(fails_with<ValueError>([] { repeat(ones({2}), {-1}); }, "repeat: ", {"-1"}));
  EXPECT_TRUE(fails_with<ShapeError>([] { tril(ones({2})); }, "tril: ", {"[2]"}));
  EXPECT_TRUE(fails_with<IndexError>(
      [] {
        one_hot(tensor({1, 3}), 3);
      },
      "one_hot: index[1] = 3", {"size 3"}));
  EXPECT_TRUE(fails_with<IndexError>([] { one_hot(tensor({-1, 3})); }, "one_hot: index[0] = -1"));
}

}  // namespace
}  // namespace tarn::testing
