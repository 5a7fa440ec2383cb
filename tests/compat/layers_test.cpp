#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"

namespace tarn {
namespace {

using testing::fails_with;
using testing::same_bits;

// Numbers of both signs that differ from each other.
torch::Tensor numbers(const torch::IntArrayRef& shape) {
  return torch::sin(torch::arange(numel(shape), torch::kFloat)).view(shape);
}

TEST(TorchLinear, ComputesWithTheWeightAndBiasItShows) {
  torch::nn::Linear fc(3, 2);
  const torch::Tensor x = numbers({5, 3});
  EXPECT_TRUE(same_bits(fc(x), tarn::linear(x, fc->weight, fc->bias)));
  EXPECT_EQ(fc->options.in_features(), 3);
  EXPECT_EQ(fc->weight.sizes(), Shape({2, 3}));
}

TEST(TorchLinear, HasARowMajorWeightThatIsTheRegisteredOne) {
  torch::nn::Linear fc(torch::nn::LinearOptions(3, 2).bias(false));
  EXPECT_TRUE(fc->weight.is_contiguous());
  EXPECT_EQ(fc->weight.view({-1}).size(0), 6);
  EXPECT_TRUE(fc->weight.requires_grad());
  ASSERT_EQ(fc->parameters().size(), 1U);
  EXPECT_TRUE(fc->parameters()[0].is_same(fc->weight));
  EXPECT_FALSE(fc->bias.defined());
}

TEST(TorchConv2d, HandsAllOptionsOn) {
  torch::nn::Conv2d conv(
      torch::nn::Conv2dOptions(4, 6, {3, 2}).stride({2, 1}).padding(1).dilation({1, 2}).groups(2));
  const torch::Tensor x = numbers({2, 4, 7, 8});
  const torch::Tensor expected =
      tarn::conv2d(x, conv->weight, conv->bias,
                   {.stride = {2, 1}, .padding = 1, .dilation = {1, 2}, .groups = 2});
  EXPECT_TRUE(same_bits(conv(x), expected));
  EXPECT_EQ(conv->weight.sizes(), Shape({6, 2, 3, 2}));
  EXPECT_FALSE(torch::nn::Conv2d(torch::nn::Conv2dOptions(1, 1, 1).bias(false))->bias.defined());
  EXPECT_EQ(torch::nn::Conv2d(1, 2, 3)->weight.sizes(), Shape({2, 1, 3, 3}));
}

TEST(TorchConvTranspose2d, HandsAllOptionsOn) {
  torch::nn::ConvTranspose2d up(torch::nn::ConvTranspose2dOptions(4, 6, 3)
                                    .stride(3)
                                    .padding({1, 0})
                                    .output_padding({1, 2})
                                    .groups(2)
                                    .dilation(2));
  const torch::Tensor x = numbers({2, 4, 3, 3});
  const torch::Tensor expected = tarn::conv_transpose2d(
      x, up->weight, up->bias,
      {.stride = 3, .padding = {1, 0}, .output_padding = {1, 2}, .groups = 2, .dilation = 2});
  EXPECT_TRUE(same_bits(up(x), expected));
}

TEST(TorchBatchNorm2d, NormalisesInTrainingAndUsesRunningStatisticsAfterwards) {
  torch::nn::BatchNorm2d norm(torch::nn::BatchNorm2dOptions(3).eps(1e-3).momentum(0.5));
  const torch::Tensor x = numbers({4, 3, 2, 2}) * 5 + 1;
  const torch::Tensor mean = x.mean({0, 2, 3});
  const torch::Tensor y = norm(x);
  const torch::Tensor expected =
      (x - mean.view({1, 3, 1, 1})) / torch::sqrt(x.var({0, 2, 3}, 0).view({1, 3, 1, 1}) + 1e-3);
  EXPECT_TRUE(torch::allclose(y, expected, 1e-5, 1e-6));
  EXPECT_TRUE(torch::allclose(norm->running_mean, mean * 0.5));
  EXPECT_EQ(norm->num_batches_tracked.item<int64_t>(), 1);
  norm->eval();
  const torch::Tensor evaluated = (x - norm->running_mean.view({1, 3, 1, 1})) /
                                  torch::sqrt(norm->running_var.view({1, 3, 1, 1}) + 1e-3);
  EXPECT_TRUE(torch::allclose(norm(x), evaluated, 1e-5, 1e-6));
  EXPECT_FALSE(
      torch::nn::BatchNorm1d(torch::nn::BatchNorm1dOptions(3).affine(false))->weight.defined());
}

TEST(TorchLayers, OfOneTensorComputeAsTheirFunctions) {
  const torch::Tensor x = numbers({2, 3, 4, 4}) * 3;
  namespace nn = torch::nn;
  const std::vector<std::pair<torch::Tensor, torch::Tensor>> cases = {
      {nn::ReLU(nn::ReLUOptions().inplace(true))(x), relu(x)},
      {nn::LeakyReLU(nn::LeakyReLUOptions().negative_slope(0.2))(x), leaky_relu(x, 0.2)},
      {nn::ELU(nn::ELUOptions().alpha(0.5))(x), elu(x, 0.5)},
      {nn::SiLU()(x), silu(x)},
      {nn::GELU()(x), gelu(x)},
      {nn::Tanh()(x), tanh(x)},
      {nn::Sigmoid()(x), sigmoid(x)},
      {nn::Softplus(nn::SoftplusOptions().beta(2).threshold(1))(x), softplus(x, 2, 1)},
      {nn::Softmax(1)(x), softmax(x, 1)},
      {nn::LogSoftmax(nn::LogSoftmaxOptions(-1))(x), log_softmax(x, -1)},
      {nn::Flatten()(x), x.flatten(1)},
      {nn::Flatten(nn::FlattenOptions().start_dim(2).end_dim(3))(x), x.flatten(2, 3)},
      {nn::MaxPool2d(nn::MaxPool2dOptions(3).stride(2).padding(1).ceil_mode(true))(x),
       max_pool2d(x, {.kernel_size = 3, .stride = 2, .padding = 1, .ceil_mode = true})},
      {nn::MaxPool2d(2)(x), max_pool2d(x, {.kernel_size = 2})},
      {nn::AvgPool2d(nn::AvgPool2dOptions({2, 3}).padding({1, 1}).count_include_pad(false))(x),
       avg_pool2d(x, {.kernel_size = {2, 3}, .padding = 1, .count_include_pad = false})},
      {nn::LayerNorm(nn::LayerNormOptions({4, 4}).eps(0.1).elementwise_affine(false))(x),
       layer_norm(x, {4, 4}, {}, {}, 0.1)},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    EXPECT_TRUE(same_bits(cases[i].first, cases[i].second)) << "case " << i;
  }
}

TEST(TorchEmbedding, PicksRowsAndKeepsThePaddingRowZero) {
  torch::nn::Embedding table(torch::nn::EmbeddingOptions(5, 3).padding_idx(2));
  const torch::Tensor y = table(torch::tensor({4, 2}));
  EXPECT_TRUE(same_bits(y[0], table->weight[4].detach()));
  EXPECT_EQ(y[1].abs().sum().item<float>(), 0);
}

TEST(TorchDropout, DropsInTrainingOnly) {
  torch::nn::Dropout dropout(torch::nn::DropoutOptions(0.25));
  torch::nn::Dropout2d channels(0.25);
  const torch::Tensor x = torch::ones({8, 8, 8, 8});
  const torch::Tensor y = dropout(x);
  EXPECT_EQ(((y == 0) | (y == 1 / 0.75F)).all().item<bool>(), true);
  EXPECT_GT((y == 0).sum().item<int64_t>(), 0);
  const torch::Tensor z = channels(x).flatten(2);
  EXPECT_TRUE(same_bits(torch::amax(z, 2), torch::amin(z, 2)));
  EXPECT_GT((z == 0).sum().item<int64_t>(), 0);
  dropout->eval();
  channels->eval();
  EXPECT_TRUE(same_bits(dropout(x), x));
  EXPECT_TRUE(same_bits(channels(x), x));
  EXPECT_EQ(torch::nn::Dropout()->options.p(), 0.5);
}

TEST(TorchFunctional, BindsTheArgumentsAfterTheTensor) {
  const torch::Tensor x = numbers({1, 2, 4, 4});
  const torch::ExpandingArray<2> stride({2, 1});
  using torch::nn::Functional;
  EXPECT_TRUE(same_bits(Functional(torch::relu)(x), relu(x)));
  EXPECT_TRUE(same_bits(Functional(torch::max_pool2d, 3, stride, 1, 1, false)(x),
                        max_pool2d(x, {.kernel_size = 3, .stride = {2, 1}, .padding = 1})));
  EXPECT_TRUE(same_bits(Functional(torch::log_softmax, 1)(x), log_softmax(x, 1)));
  EXPECT_EQ(Functional(torch::reshape, torch::ExpandingArray<2>({-1, 8}))(x).sizes(),
            Shape({4, 8}));
  EXPECT_TRUE(same_bits(Functional([](torch::Tensor input) { return input * 2; })(x), x * 2));
}

TEST(TorchLosses, ComputeAsTarnsWithTheirOptions) {
  namespace nn = torch::nn;
  const torch::Tensor logits = numbers({4, 3});
  const torch::Tensor other = torch::cos(logits * 3);
  const torch::Tensor p = torch::sigmoid(logits);
  const torch::Tensor q = torch::sigmoid(other);
  const torch::Tensor classes = torch::tensor({0, 2, 1, 2});
  const torch::Tensor weight = torch::tensor({1.0, 0.5, 2.0});
  const std::vector<std::pair<torch::Tensor, torch::Tensor>> cases = {
      {nn::MSELoss()(logits, other), (logits - other).square().mean()},
      {nn::MSELoss(nn::MSELossOptions(torch::kSum))(logits, other),
       (logits - other).square().sum()},
      {nn::L1Loss(nn::L1LossOptions().reduction(torch::kNone))(logits, other),
       (logits - other).abs()},
      {nn::SmoothL1Loss(nn::SmoothL1LossOptions().beta(0.5))(logits, other),
       smooth_l1_loss(logits, other, {.beta = 0.5})},
      {nn::HuberLoss(nn::HuberLossOptions().delta(0.5))(logits, other),
       huber_loss(logits, other, {.delta = 0.5})},
      {nn::BCELoss()(p, q), -(q * p.log() + (1 - q) * (1 - p).log()).mean()},
      {nn::BCEWithLogitsLoss(nn::BCEWithLogitsLossOptions().pos_weight(weight))(logits, q),
       -(weight * q * p.log() + (1 - q) * (1 - p).log()).mean()},
      {nn::CrossEntropyLoss(nn::CrossEntropyLossOptions().weight(weight).reduction(torch::kSum))(
           logits, classes),
       cross_entropy(logits, classes, {.weight = weight, .reduction = Reduction::sum})},
      {nn::CrossEntropyLoss(nn::CrossEntropyLossOptions().label_smoothing(0.1).ignore_index(2))(
           logits, classes),
       cross_entropy(logits, classes, {.ignore_index = 2, .label_smoothing = 0.1})},
      {nn::NLLLoss(nn::NLLLossOptions().weight(weight))(logits, classes),
       nll_loss(logits, classes, {.weight = weight})},
      {nn::KLDivLoss(nn::KLDivLossOptions(torch::kBatchMean).log_target(true))(logits, other),
       (other.exp() * (other - logits)).sum() / 4},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    EXPECT_TRUE(torch::allclose(cases[i].first, cases[i].second, 1e-5, 1e-6)) << "case " << i;
  }
}

TEST(TorchLayers, RefuseWhatTarnsRefuse) {
  EXPECT_TRUE(fails_with<ValueError>([] { torch::nn::Linear fc(0, 3); }, "Linear"));
  EXPECT_TRUE(fails_with<ShapeError>(
      [] {
        torch::nn::Conv2d conv(torch::nn::Conv2dOptions(1, 1, {1, 2, 3}));
      },
      "ExpandingArray: 3 values", {"expected 2"}));
  torch::nn::Linear fc(3, 2);
  EXPECT_TRUE(fails_with<ShapeError>([&] { fc(torch::ones({4, 5})); }, "linear", {"5", "3"}));
}

}  // namespace
}  // namespace tarn
