#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/nn/nn.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/random.h>

#include "../tensor/expect_error.h"

namespace tarn {
namespace {

using testing::fails_with;

// kaiming_uniform_ with a = sqrt(5) comes out as U(-b, b), b = 1 / sqrt(fan_in).
void expect_uniform(const Tensor& parameter, double bound) {
  const std::vector<double> values = parameter.to_vector();
  const auto [low, high] = std::ranges::minmax(values);
  EXPECT_GE(low, -bound * 1.0001);
  EXPECT_LE(high, bound * 1.0001);
  EXPECT_LT(low, -0.98 * bound);
  EXPECT_GT(high, 0.98 * bound);
}

TEST(Conv2dLayer, DrawsInitialValuesFromPyTorchsDefaultRange) {
  manual_seed(0);
  const nn::Conv2d conv(8, 1000, {.kernel_size = {5, 2}, .groups = 2});
  EXPECT_EQ(conv.weight.sizes(), (Shape{1000, 4, 5, 2}));
  EXPECT_EQ(conv.bias.sizes(), (Shape{1000}));
  expect_uniform(conv.weight, 1 / std::sqrt(40.0));
  expect_uniform(conv.bias, 1 / std::sqrt(40.0));
  const nn::ConvTranspose2d up(8, 1000, {.kernel_size = {5, 2}, .groups = 2});
  EXPECT_EQ(up.weight.sizes(), (Shape{8, 500, 5, 2}));
  EXPECT_EQ(up.bias.sizes(), (Shape{1000}));
  expect_uniform(up.weight, 1 / std::sqrt(5000.0));
}

TEST(Conv2dLayer, TakesOneNumberOrHeightAndWidth) {
  nn::Conv2d conv(1, 2, {.kernel_size = {3, 5}, .stride = {1, 2}, .padding = {1, 2}});
  EXPECT_EQ(conv(zeros({4, 1, 8, 8})).sizes(), (Shape{4, 2, 8, 4}));
  EXPECT_EQ(conv(zeros({1, 8, 8})).sizes(), (Shape{2, 8, 4})) << "one image";
  EXPECT_EQ(conv(zeros({0, 1, 8, 8})).sizes(), (Shape{0, 2, 8, 4}));
}

TEST(Conv2dLayer, CanDoWithoutBiasAndInFloat64) {
  nn::Conv2d conv(1, 1, {.kernel_size = 2, .bias = false, .dtype = kFloat64});
  EXPECT_FALSE(conv.bias.defined());
  EXPECT_EQ(conv.num_parameters(), 4);
  EXPECT_EQ(conv(zeros({1, 1, 2, 2}, {.dtype = kFloat64})).to_vector(), (std::vector<double>{0}));
  EXPECT_EQ(to_string(conv), "Conv2d(1, 1, kernel_size=(2, 2), stride=(1, 1), bias=False)");
}

TEST(Conv2dLayer, RefusesWhatItCannotBeMadeOf) {
  EXPECT_TRUE(fails_with<ValueError>([] { nn::Conv2d(0, 2, {.kernel_size = 3}); },
                                     "Conv2d: in_channels = 0", {"at least 1"}));
  EXPECT_TRUE(fails_with<ValueError>([] { nn::Conv2d(4, 6, {.kernel_size = 3, .groups = 4}); },
                                     "Conv2d: out_channels = 6 with groups = 4"));
  EXPECT_TRUE(fails_with<ValueError>([] { nn::Conv2d(4, 6, {.kernel_size = 3, .groups = 0}); },
                                     "Conv2d: groups = 0"));
  EXPECT_TRUE(fails_with<ValueError>([] { nn::Conv2d(1, 1, {.kernel_size = 0}); },
                                     "Conv2d: kernel_size = (0, 0)"));
  EXPECT_TRUE(fails_with<ValueError>([] { nn::Conv2d(1, 1, {.kernel_size = 1, .stride = 0}); },
                                     "Conv2d: stride = (0, 0)"));
  EXPECT_TRUE(fails_with<ValueError>(
      [] { nn::ConvTranspose2d(1, 1, {.kernel_size = 1, .output_padding = -1}); },
      "ConvTranspose2d: output_padding = (-1, -1)"));
  EXPECT_THROW(nn::Conv2d(1, 1, {.kernel_size = 1, .dtype = kInt64}), DTypeError);
  constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();
  EXPECT_THROW(nn::Conv2d(huge, huge, {.kernel_size = 3}), ShapeError);
}

TEST(Conv2dLayer, NamesTheShapesWhenTheInputDoesNotFit) {
  nn::Conv2d conv(3, 8, {.kernel_size = 5});
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] {
        conv(zeros({2, 1, 28, 28}));
      },
      "conv2d: input has 1 channels", {"[2, 1, 28, 28]", "[8, 3, 5, 5]", "expected 3"}));
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] {
        conv(zeros({2, 3, 4, 4}));
      },
      "conv2d: a kernel of (5, 5)", {"[2, 3, 4, 4]"}));
  EXPECT_THROW(conv(Tensor()), ValueError);
}

TEST(PoolingLayers, MoveByTheirKernelUnlessToldOtherwise) {
  EXPECT_EQ(nn::MaxPool2d({.kernel_size = {2, 3}})(zeros({1, 1, 4, 9})).sizes(),
            (Shape{1, 1, 2, 3}));
  EXPECT_EQ(nn::MaxPool2d({.kernel_size = 2, .stride = 1})(zeros({1, 1, 4, 9})).sizes(),
            (Shape{1, 1, 3, 8}));
  EXPECT_EQ(nn::AvgPool2d({.kernel_size = 3})(zeros({1, 1, 6, 9})).sizes(), (Shape{1, 1, 2, 3}));
  EXPECT_TRUE(fails_with<ValueError>([] { nn::MaxPool2d({.kernel_size = 2, .padding = 2}); },
                                     "MaxPool2d: padding = (2, 2)"));
  EXPECT_TRUE(
      fails_with<ValueError>([] { nn::AvgPool2d({.kernel_size = 0}); }, "AvgPool2d: kernel_size"));
}

}  // namespace
}  // namespace tarn
