#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/autograd/ops.h>
#include <tarn/nn/nn.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/random.h>

#include "../tensor/closeness.h"

namespace tarn {
namespace {

using testing::is_close;

TEST(UpdateBn, TakesPlainMeansOfTheBatchesStatistics) {
  nn::Sequential model(nn::BatchNorm1d(3), nn::Dropout(0.5));
  auto& norm = model.at<nn::BatchNorm1d>(0);
  model(randn({4, 3}) + 100);  // statistics of other weights
  model.eval();
  norm.train();
  const Tensor x = randn({10, 3}) * 3 + 1;
  struct Batch {
    Tensor data;
  };
  std::vector<Batch> batches = {{x.narrow(0, 0, 4)}, {x.narrow(0, 4, 4)}, {x.narrow(0, 8, 2)}};
  nn::update_bn(batches, model);
  Tensor means = zeros({3});
  Tensor variances = zeros({3});
  for (const auto& [batch] : batches) {
    means = means + mean(batch, {0}) / 3;
    variances = variances + var(batch, {0}) / 3;
  }
  EXPECT_TRUE(is_close(norm.running_mean, means, {.rtol = 1e-5}));
  EXPECT_TRUE(is_close(norm.running_var, variances, {.rtol = 1e-5}));
  EXPECT_EQ(norm.num_batches_tracked.item<std::int64_t>(), 3);
  EXPECT_EQ(norm.momentum, 0.1);
  EXPECT_TRUE(norm.is_training());
  EXPECT_FALSE(model.is_training());
  EXPECT_FALSE(model[1].is_training());
}

TEST(UpdateBn, RestoresModesAndMomentaWhenThePassFails) {
  nn::Sequential model(nn::BatchNorm1d(3));
  model.eval();
  EXPECT_THROW(nn::update_bn(model, [] { throw std::runtime_error("no data"); }),
               std::runtime_error);
  EXPECT_FALSE(model[0].is_training());
  EXPECT_EQ(model.at<nn::BatchNorm1d>(0).momentum, 0.1);
}

TEST(UpdateBn, DoesNothingWithoutRunningStatistics) {
  nn::Sequential model(nn::Linear(3, 3), nn::BatchNorm1d(3, {.track_running_stats = false}));
  bool ran = false;
  nn::update_bn(model, [&] { ran = true; });
  EXPECT_FALSE(ran);
}

}  // namespace
}  // namespace tarn
