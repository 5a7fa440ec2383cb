#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/autograd/ops.h>
#include <tarn/nn/nn.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/random.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"

namespace tarn {
namespace {

using testing::fails_with;
using testing::is_close;

TEST(BatchNormLayer, NormalisesEachChannelOfTheBatchWhileTraining) {
  nn::BatchNorm2d norm(3);
  const Tensor y = norm(randn({8, 3, 5, 5}) * 10 + 4).detach();
  EXPECT_TRUE(is_close(mean(y, {0, 2, 3}), zeros({3}), {.atol = 1e-6}));
  EXPECT_TRUE(is_close(mean(square(y), {0, 2, 3}), ones({3}), {.rtol = 1e-4}));
}

TEST(BatchNormLayer, EvaluatesWithTheRunningStatisticsAndLeavesThemAlone) {
  nn::BatchNorm1d norm(2, {.eps = 0});
  norm.running_mean.copy_(tensor({1.0, 2.0}));
  norm.running_var.copy_(tensor({4.0, 9.0}));
  norm.eval();
  EXPECT_EQ(norm(tensor({{3.0, 5.0}})).to_vector(), (std::vector<double>{1, 1}));
  EXPECT_EQ(norm.running_mean.to_vector(), (std::vector<double>{1, 2}));
  EXPECT_EQ(norm.num_batches_tracked.item(), 0);
}

TEST(BatchNormLayer, CountsBatchesAndWithoutMomentumTakesTheirPlainMean) {
  nn::BatchNorm1d norm(1, {.momentum = std::nullopt});
  norm(from_vector<float>({0, 2}, {2, 1}));
  norm(from_vector<float>({4, 6}, {2, 1}));
  norm(from_vector<float>({5, 5}, {2, 1}));
  norm(zeros({0, 1}));  // no batch
  EXPECT_EQ(norm.num_batches_tracked.item(), 3);
  EXPECT_NEAR(norm.running_mean.item(), (1.0 + 5 + 5) / 3, 1e-6);
  EXPECT_NEAR(norm.running_var.item(), (2.0 + 2 + 0) / 3, 1e-6);
}

TEST(BatchNormLayer, HasPyTorchsNamesAndInitialValues) {
  const nn::BatchNorm2d norm(2);
  std::vector<std::string> names;
  for (const auto& [name, tensor] : norm.state_dict()) names.push_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{"weight", "bias", "running_mean", "running_var",
                                             "num_batches_tracked"}));
  EXPECT_EQ(norm.weight.to_vector(), (std::vector<double>{1, 1}));
  EXPECT_EQ(norm.bias.to_vector(), (std::vector<double>{0, 0}));
  EXPECT_EQ(norm.running_mean.to_vector(), (std::vector<double>{0, 0}));
  EXPECT_EQ(norm.running_var.to_vector(), (std::vector<double>{1, 1}));
  EXPECT_EQ(norm.num_batches_tracked.dtype(), kInt64);
  EXPECT_EQ(norm.parameters().size(), 2U);
}

TEST(BatchNormLayer, ResetsItsStatistics) {
  nn::BatchNorm1d norm(1);
  norm(from_vector<float>({3, 5}, {2, 1}));
  EXPECT_NE(norm.running_mean.item(), 0);
  norm.reset_running_stats();
  EXPECT_EQ(norm.running_mean.item(), 0);
  EXPECT_EQ(norm.running_var.item(), 1);
  EXPECT_EQ(norm.num_batches_tracked.item(), 0);
}

TEST(BatchNormLayer, WithoutStatisticsAlwaysTakesTheBatchs) {
  nn::BatchNorm1d norm(1, {.affine = false, .track_running_stats = false});
  EXPECT_TRUE(norm.state_dict().empty());
  norm.eval();
  const Tensor y = norm(from_vector<float>({3, 5}, {2, 1}));
  EXPECT_NEAR(y[0].item(), -1, 1e-4);
  EXPECT_FALSE(y.requires_grad());
}

TEST(BatchNormLayer, ConvertsWithItsModel) {
  nn::Sequential model(nn::Conv2d(1, 2, {.kernel_size = 1}), nn::BatchNorm2d(2));
  model.to(kFloat64);
  EXPECT_EQ(model(randn({2, 1, 2, 2}, {.dtype = kFloat64})).dtype(), kFloat64);
  EXPECT_EQ(model.at<nn::BatchNorm2d>(1).num_batches_tracked.dtype(), kInt64);
}

TEST(BatchNormLayer, RefusesInputsThatDoNotFitAndStaysAsItWas) {
  nn::BatchNorm2d images(3);
  nn::BatchNorm1d rows(3);
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] {
        images(zeros({2, 4, 5, 5}));
      },
      "BatchNorm2d: input has shape [2, 4, 5, 5]", {"[N, C, H, W]", "C = 3"}));
  EXPECT_TRUE(fails_with<ShapeError>([&] { images(zeros({2, 3})); }, "BatchNorm2d: ", {"[2, 3]"}));
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] {
        rows(zeros({2, 3, 4, 4}));
      },
      "BatchNorm1d: ", {"[N, C] or [N, C, L]"}));
  EXPECT_TRUE(fails_with<ValueError>(
      [&] {
        images(zeros({1, 3, 1, 1}));
      },
      "batch_norm: one value per channel", {"[1, 3, 1, 1]"}));
  EXPECT_EQ(images.num_batches_tracked.item(), 0);
  EXPECT_EQ(images.running_var.to_vector(), (std::vector<double>{1, 1, 1}));
  images.eval();
  EXPECT_NO_THROW(images(zeros({1, 3, 1, 1})));
  EXPECT_THROW(images(Tensor()), ValueError);
}

TEST(BatchNormLayer, RefusesOptionsOutOfRange) {
  EXPECT_TRUE(fails_with<ValueError>([] { nn::BatchNorm1d(0); }, "BatchNorm: num_features = 0"));
  EXPECT_TRUE(
      fails_with<ValueError>([] { nn::BatchNorm1d(1, {.eps = -1}); }, "BatchNorm: eps = -1"));
  EXPECT_TRUE(fails_with<ValueError>([] { nn::BatchNorm2d(1, {.momentum = 2}); },
                                     "BatchNorm: momentum = 2"));
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(nn::BatchNorm1d(1, {.momentum = nan}), ValueError);
}

}  // namespace
}  // namespace tarn
