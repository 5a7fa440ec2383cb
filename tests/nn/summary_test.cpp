#include <string>

#include <gtest/gtest.h>

#include <tarn/autograd/grad_mode.h>
#include <tarn/nn/nn.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/random.h>

#include "../tensor/closeness.h"

namespace tarn {
namespace {

using testing::same_bits;

TEST(SummaryOfAnInput, ShowsShapesAndTheFlopsOfProducts) {
  nn::Sequential model(nn::Linear(784, 128), nn::ReLU(), nn::Linear(128, 10));
  // 2 * 64 * 784 * 128, 2 * 64 * 128 * 10
  EXPECT_EQ(nn::summary(model, {64, 784}),
            "module     type        output     parameters       FLOPs\n"
            "(model)    Sequential  [64, 10]            0  13,008,896\n"
            "0          Linear      [64, 128]     100,480  12,845,056\n"
            "1          ReLU        [64, 128]           0           0\n"
            "2          Linear      [64, 10]        1,290     163,840\n"
            "total                                101,770  13,008,896\n"
            "trainable                            101,770\n");
}

TEST(SummaryOfAnInput, CountsFrozenConvolutionsAndLayersThatRunTwice) {
  struct Twice : nn::Module {
    nn::Conv2d& conv = add("conv", nn::Conv2d(2, 2, {.kernel_size = 3, .padding = 1}));
    nn::Dropout& unused = add("unused", nn::Dropout());
    Tensor forward(const Tensor& x) override { return conv(conv(x)); }
  };
  Twice model;
  model.requires_grad_(false);
  // Two times 2 * (1 * 2 * 4 * 4) * (2 * 3 * 3)
  EXPECT_EQ(nn::summary(model, {1, 2, 4, 4}),
            "module     type     output        parameters  FLOPs\n"
            "(model)    Twice    [1, 2, 4, 4]           0  2,304\n"
            "conv       Conv2d   [1, 2, 4, 4]          38  2,304\n"
            "unused     Dropout  -                      0      -\n"
            "total                                     38  2,304\n"
            "trainable                                  0\n");
}

TEST(SummaryOfAnInput, TakesIndicesForAModelThatEmbedsThem) {
  nn::Sequential model(nn::Embedding(5, 3), nn::Linear(3, 2));
  const std::string table = nn::summary(model, {4, 7}, kInt64);
  EXPECT_NE(table.find("Linear      [4, 7, 2]           8    336"), std::string::npos) << table;
}

TEST(SummaryOfAnInput, LeavesTheModelAndTheRandomNumbersAsTheyWere) {
  nn::Sequential model(nn::Linear(4, 4), nn::BatchNorm1d(4), nn::Dropout(0.5));
  model[0].requires_grad_(false);
  model[2].eval();
  const nn::BatchNorm1d& norm = model.at<nn::BatchNorm1d>(1);
  const Tensor mean = norm.running_mean.clone();
  manual_seed(3);
  const Tensor expected = rand({4});
  manual_seed(3);
  const NoGradGuard no_grad;
  nn::summary(model, {8, 4});
  EXPECT_TRUE(same_bits(rand({4}), expected));
  EXPECT_TRUE(same_bits(norm.running_mean, mean));
  EXPECT_TRUE(model.is_training() && model[1].is_training() && !model[2].is_training());
  EXPECT_FALSE(model.at<nn::Linear>(0).weight.requires_grad());
  EXPECT_TRUE(norm.weight.requires_grad());
  EXPECT_FALSE(norm.weight.grad().defined());
}

TEST(SummaryOfAnInput, ThrowsWhatTheModelThrowsAndPutsItBack) {
  nn::Sequential model(nn::Linear(4, 4), nn::Linear(3, 4));
  model[0].requires_grad_(false);
  EXPECT_THROW(nn::summary(model, {8, 4}), ShapeError);
  EXPECT_TRUE(model.is_training() && model[1].is_training());
  EXPECT_FALSE(model.at<nn::Linear>(0).weight.requires_grad());
  EXPECT_EQ(model[0](ones({1, 4})).sizes(), Shape({1, 4})) << "nothing watches any more";
}

}  // namespace
}  // namespace tarn
