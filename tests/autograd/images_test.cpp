#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include <tarn/autograd/gradcheck.h>
#include <tarn/autograd/ops.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/parallel.h>
#include <tarn/tensor/random.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"
#include "operands.h"

// Convolution, pooling and batch norm beyond the samples of the op table: large sizes, any number
// of threads, bad arguments.
namespace tarn::testing {
namespace {

constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();

double at(const Tensor& x, std::int64_t n, std::int64_t c, std::int64_t i, std::int64_t j) {
  if (i < 0 || j < 0 || i >= x.size(2) || j >= x.size(3)) return 0;
  return x[n][c][i][j].item();
}

// Larger than a block of unfolded columns, than a chain of the matrix product and than a vector.
TEST(Conv2d, AgreesWithItsDefinitionAcrossBlocks) {
  Generator generator(1);
  const Tensor x = randn({2, 66, 33, 37}, generator, {.dtype = kFloat64});
  const Tensor w = randn({6, 33, 3, 2}, generator, {.dtype = kFloat64});
  const Tensor b = randn({6}, generator, {.dtype = kFloat64});
  const Tensor y =
      conv2d(x, w, b, {.stride = {1, 2}, .padding = {2, 1}, .dilation = {3, 1}, .groups = 2});
  ASSERT_EQ(y.sizes(), (Shape{2, 6, 31, 19}));
  for (const auto& [n, f, i, j] : std::vector<std::array<std::int64_t, 4>>{
           {0, 0, 0, 0}, {1, 5, 30, 18}, {0, 3, 15, 9}, {1, 2, 29, 0}, {0, 5, 0, 18}}) {
    double expected = b[f].item();
    for (std::int64_t c = 0; c < 33; ++c) {
      for (std::int64_t u = 0; u < 3; ++u) {
        for (std::int64_t v = 0; v < 2; ++v)
          expected += at(x, n, f / 3 * 33 + c, i - 2 + 3 * u, j * 2 - 1 + v) * at(w, f, c, u, v);
      }
    }
    EXPECT_NEAR(at(y, n, f, i, j), expected, 1e-12 * 200) << n << f << i << j;
  }
}

// <conv(x, w), g> = <x, conv_transpose(g, w)>: what makes it the gradient, at any size.
TEST(ConvTranspose2d, IsTheAdjointOfTheConvolution) {
  Generator generator(2);
  const Tensor x = randn({3, 8, 40, 41}, generator, {.dtype = kFloat64});
  const Tensor w = randn({12, 4, 5, 3}, generator, {.dtype = kFloat64});
  const Tensor y = conv2d(x, w, {}, {.stride = 2, .padding = {2, 0}, .groups = 2});
  const Tensor g = randn(y.sizes(), generator, {.dtype = kFloat64});
  const Tensor back = conv_transpose2d(
      g, w, {}, {.stride = 2, .padding = {2, 0}, .output_padding = {1, 0}, .groups = 2});
  ASSERT_EQ(back.sizes(), x.sizes());
  const double forward = sum(y * g).item();
  EXPECT_NEAR(sum(x * back).item(), forward, 1e-10 * std::sqrt(static_cast<double>(x.numel())));
}

std::vector<Tensor> results_of_everything() {
  Generator generator(3);
  const Tensor x = randn({37, 6, 17, 19}, generator, {.requires_grad = true});
  const Tensor w = randn({10, 3, 3, 3}, generator, {.requires_grad = true});
  const Tensor b = randn({10}, generator, {.requires_grad = true});
  const Tensor scale = randn({10}, generator, {.requires_grad = true});
  const Tensor mean = zeros({10});
  const Tensor var = ones({10});
  const Tensor h = batch_norm(conv2d(x, w, b, {.padding = 1, .groups = 2}), mean, var, scale, b,
                              {.training = true});
  const Tensor y = avg_pool2d(max_pool2d(h, {.kernel_size = 3, .stride = 2}), {.kernel_size = 2});
  sum(y * randn(y.sizes(), generator)).backward();
  return {y, x.grad(), w.grad(), b.grad(), scale.grad(), mean, var};
}

TEST(ImageOps, GiveTheSameBitsForAnyNumberOfThreads) {
  const int before = get_num_threads();
  set_num_threads(1);
  const std::vector<Tensor> expected = results_of_everything();
  for (const int threads : {2, 3, 8}) {
    set_num_threads(threads);
    const std::vector<Tensor> actual = results_of_everything();
    for (std::size_t i = 0; i < expected.size(); ++i)
      EXPECT_TRUE(same_bits(actual[i], expected[i])) << "result " << i << ", " << threads;
  }
  set_num_threads(before);
}

TEST(ImageOps, AnImageDoesNotDependOnTheOthersOfItsBatch) {
  const Tensor x = randn({5, 3, 20, 21});
  const Tensor w = randn({4, 3, 3, 3});
  const Tensor y = conv2d(x, w);
  EXPECT_TRUE(same_bits(conv2d(x.narrow(0, 2, 1), w), y.narrow(0, 2, 1)));
  EXPECT_TRUE(same_bits(conv2d(x[2], w), y[2]));
}

TEST(Conv2d, OfNoChannelsIsTheBias) {
  const Tensor w = zeros({2, 0, 3, 3}, {.requires_grad = true});
  const Tensor b = tensor({3.0, 4.0}, {.requires_grad = true});
  const Tensor y = conv2d(zeros({1, 0, 3, 4}), w, b);
  EXPECT_EQ(y.to_vector(), (std::vector<double>{3, 3, 4, 4}));
  sum(y).backward();
  EXPECT_EQ(w.grad().sizes(), w.sizes());
  EXPECT_EQ(b.grad().to_vector(), (std::vector<double>{2, 2}));
}

TEST(MaxPool2d, GivesNothingForAWindowThatSeesOnlyPadding) {
  const Tensor x = full({1, 1, 1, 1}, 7.0, {.requires_grad = true});
  const Tensor y = max_pool2d(x, {.kernel_size = 2, .padding = 1, .dilation = 2});
  EXPECT_EQ(y.to_vector(), (std::vector<double>{-INFINITY}));
  sum(y).backward();
  EXPECT_EQ(x.grad().to_vector(), (std::vector<double>{0}));
}

TEST(MaxPool2d, AddsTheGradientsOfAllWindowsWithTheSameMaximum) {
  const Tensor x = tensor({0, 9, 0, 0}, {.dtype = kFloat32, .requires_grad = true});
  sum(max_pool2d(x.view({1, 1, 4}), {.kernel_size = {1, 2}, .stride = 1})).backward();
  EXPECT_EQ(x.grad().to_vector(), (std::vector<double>{0, 2, 1, 0}));
}

TEST(BatchNorm, RunningStatisticsFollowPyTorchsConvention) {
  const Tensor mean = tensor({1.0, 10.0}, {.dtype = kFloat64});
  const Tensor var = tensor({2.0, 20.0}, {.dtype = kFloat64});
  const Tensor x = from_vector<double>({1, 5, 2, 5, 6, 5}, {3, 2});
  batch_norm(x, mean, var, {}, {}, {.training = true, .momentum = 0.25});
  // Column 0: mean 3, unbiased variance (4 + 1 + 9) / 2 = 7; column 1: 5 and 0.
  EXPECT_EQ(mean.to_vector(), (std::vector<double>{1.5, 8.75}));
  EXPECT_EQ(var.to_vector(), (std::vector<double>{3.25, 15}));
}

TEST(BatchNorm, AnEmptyBatchChangesNothing) {
  const Tensor mean = ones({2});
  const Tensor var = ones({2});
  const Tensor x = zeros({0, 2, 3, 3}, {.requires_grad = true});
  const Tensor w = ones({2}, {.requires_grad = true});
  const Tensor y = batch_norm(x, mean, var, w, {}, {.training = true});
  EXPECT_EQ(y.sizes(), x.sizes());
  sum(y).backward();
  EXPECT_EQ(w.grad().to_vector(), (std::vector<double>{0, 0}));
  EXPECT_EQ(x.grad().sizes(), x.sizes());
  EXPECT_EQ(mean.to_vector(), (std::vector<double>{1, 1}));
  EXPECT_EQ(var.to_vector(), (std::vector<double>{1, 1}));
}

TEST(BatchNorm, ANewBatchMayComeBeforeTheBackwardOfAnEarlierOne) {
  const Tensor mean = zeros({1});
  const Tensor var = ones({1});
  const Tensor x = from_vector<float>({1, 2}, {2, 1});
  const Tensor w = ones({1}, {.requires_grad = true});
  const Tensor evaluated = batch_norm(x, mean, var, w);
  batch_norm(x * 5, mean, var, {}, {}, {.training = true});
  EXPECT_NO_THROW(sum(evaluated).backward());
  EXPECT_NEAR(w.grad().item(), 3, 1e-4);
}

TEST(BatchNorm, SecondDerivativesIncludeThoseOfTheStatistics) {
  Generator generator(5);
  const Tensor x = randn({4, 2, 3}, generator, {.dtype = kFloat64, .requires_grad = true});
  EXPECT_NO_THROW(gradgradcheck(
      [](const std::vector<Tensor>& in) {
        return square(batch_norm(in[0], {}, {}, {}, {}, {.training = true}));
      },
      {x}));
}

TEST(Dropout2d, KeepsOrDropsWholeChannels) {
  Generator generator(6);
  const GeneratorGuard guard(generator);
  const Tensor y = dropout2d(ones({40, 50, 3, 5}), 0.3);
  const Tensor channels = sum(y, {2, 3});
  std::int64_t dropped = 0;
  for (const double value : channels.to_vector()) {
    if (value == 0)
      ++dropped;
    else
      ASSERT_NEAR(value, 15 / 0.7, 1e-4);
  }
  EXPECT_NEAR(static_cast<double>(dropped), 2000 * 0.3, 5 * std::sqrt(2000 * 0.3 * 0.7));
}

TEST(ConvolutionErrors, ShapesThatDoNotFit) {
  const Tensor x = f32({2, 4, 5, 5});
  const auto conv = [](const Tensor& input, const Shape& weight, const Conv2dOptions& options = {},
                       const Tensor& bias = {}) {
    return [=] { conv2d(input, f32(weight), bias, options); };
  };
  EXPECT_TRUE(fails_with<ShapeError>(conv(x, {8, 3, 3, 3}), "conv2d: input has 4 channels",
                                     {"[2, 4, 5, 5]", "[8, 3, 3, 3]", "expected 3"}));
  EXPECT_TRUE(fails_with<ShapeError>(conv(x, {8, 4, 3, 3}, {.groups = 2}),
                                     "conv2d: ", {"groups = 2", "expected 8"}));
  EXPECT_TRUE(fails_with<ShapeError>(conv(x, {9, 2, 3, 3}, {.groups = 2}), "conv2d: groups = 2",
                                     {"[9, 2, 3, 3]"}));
  EXPECT_TRUE(fails_with<ShapeError>(conv(x, {0, 2, 3, 3}, {.groups = kHuge}), "conv2d: groups"));
  EXPECT_TRUE(fails_with<ShapeError>(conv(x, {8, 4, 6, 3}), "conv2d: a kernel of (6, 3)",
                                     {"[2, 4, 5, 5]", "padding"}));
  EXPECT_TRUE(fails_with<ShapeError>(conv(x, {8, 4, 3, 3}, {.dilation = {1, 3}}),
                                     "conv2d: ", {"dilation (1, 3)"}));
  EXPECT_TRUE(fails_with<ShapeError>(conv(f32({5, 5}), {8, 4, 3, 3}), "conv2d: ", {"[5, 5]"}));
  EXPECT_TRUE(fails_with<ShapeError>(conv(f32({1, 2, 4, 5, 5}), {8, 4, 3, 3}), "conv2d: "));
  EXPECT_TRUE(fails_with<ShapeError>(conv(x, {8, 4, 3}), "conv2d: weight has shape [8, 4, 3]"));
  EXPECT_TRUE(
      fails_with<ShapeError>(conv(x, {8, 4, 3, 3}, {}, f32({4})), "conv2d: bias", {"[4]", "[8]"}));
}

TEST(ConvolutionErrors, OptionsOutOfRangeAndTypes) {
  const Tensor x = f32({2, 4, 5, 5});
  const Tensor w = f32({8, 4, 3, 3});
  EXPECT_TRUE(fails_with<ValueError>([&] { conv2d(x, w, {}, {.stride = 0}); },
                                     "conv2d: stride = (0, 0)", {"expected 1"}));
  EXPECT_TRUE(fails_with<ValueError>(
      [&] {
        conv2d(x, w, {}, {.stride = {1, -1}});
      },
      "conv2d: stride"));
  EXPECT_TRUE(fails_with<ValueError>([&] { conv2d(x, w, {}, {.padding = -1}); },
                                     "conv2d: padding = (-1, -1)", {"expected 0"}));
  EXPECT_TRUE(fails_with<ValueError>([&] { conv2d(x, w, {}, {.padding = kHuge}); }, "conv2d: "));
  EXPECT_TRUE(fails_with<ValueError>([&] { conv2d(x, w, {}, {.dilation = 0}); }, "conv2d: "));
  EXPECT_TRUE(fails_with<ValueError>([&] { conv2d(x, w, {}, {.groups = 0}); }, "conv2d: groups"));
  EXPECT_TRUE(fails_with<ValueError>([&] { conv2d(x, f32({8, 4, 0, 3})); }, "conv2d: kernel_size"));
  EXPECT_TRUE(fails_with<DTypeError>(
      [&] {
        conv2d(i64({1, 1, 2, 2}), i64({1, 1, 1, 1}));
      },
      "conv2d: ", {"int64"}));
  EXPECT_TRUE(fails_with<DTypeError>([&] { conv2d(x, w.to(kFloat64)); },
                                     "conv2d: ", {"float32", "float64"}));
  EXPECT_TRUE(fails_with<DTypeError>([&] { conv2d(x, w, ones({8}, {.dtype = kFloat64})); },
                                     "conv2d: ", {"float64"}));
}

TEST(ConvolutionErrors, Transposed) {
  const Tensor x = f32({2, 4, 5, 5});
  const Tensor w = f32({4, 8, 3, 3});
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] {
        conv_transpose2d(x, f32({3, 8, 3, 3}));
      },
      "conv_transpose2d: input has 4 channels", {"expected 3"}));
  EXPECT_TRUE(fails_with<ValueError>(
      [&] { conv_transpose2d(x, w, {}, {.stride = 2, .output_padding = 2}); },
      "conv_transpose2d: output_padding = (2, 2)", {"less than the stride"}));
  EXPECT_TRUE(fails_with<ShapeError>([&] { conv_transpose2d(x, w, {}, {.padding = 4}); },
                                     "conv_transpose2d: nothing is left", {"[2, 4, 5, 5]"}));
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] {
        conv_transpose2d(f32({2, 4, 0, 5}), w);
      },
      "conv_transpose2d: nothing is left"));
  EXPECT_TRUE(fails_with<ShapeError>([&] { conv_transpose2d(x, w, f32({4})); },
                                     "conv_transpose2d: bias", {"[8]"}));
}

TEST(PoolingErrors, KernelsAndOptions) {
  const Tensor x = f32({2, 3, 4, 4});
  EXPECT_TRUE(fails_with<ShapeError>([&] { max_pool2d(x, {.kernel_size = 5}); },
                                     "max_pool2d: ", {"(5, 5)", "[2, 3, 4, 4]"}));
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] {
        max_pool2d(f32({2, 3, 0, 4}), {.kernel_size = 2, .padding = 1});
      },
      "max_pool2d: ", {"[2, 3, 0, 4]"}));
  EXPECT_TRUE(fails_with<ValueError>([&] { max_pool2d(x, {.kernel_size = 0}); },
                                     "max_pool2d: kernel_size = (0, 0)"));
  EXPECT_TRUE(fails_with<ValueError>([&] { max_pool2d(x, {.kernel_size = 2, .stride = 0}); },
                                     "max_pool2d: stride"));
  EXPECT_TRUE(fails_with<ValueError>([&] { max_pool2d(x, {.kernel_size = 2, .padding = 2}); },
                                     "max_pool2d: padding = (2, 2)", {"half", "(2, 2)"}));
  EXPECT_TRUE(fails_with<ValueError>([&] { avg_pool2d(x, {.kernel_size = 2, .padding = -1}); },
                                     "avg_pool2d: padding"));
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] {
        avg_pool2d(f32({4, 4}), {.kernel_size = 2});
      },
      "avg_pool2d: ", {"[4, 4]"}));
  EXPECT_TRUE(fails_with<DTypeError>(
      [&] {
        max_pool2d(i64({1, 1, 2, 2}), {.kernel_size = 2});
      },
      "max_pool2d: ", {"int64"}));
  EXPECT_TRUE(fails_with<DTypeError>(
      [&] {
        avg_pool2d(i64({1, 1, 2, 2}), {.kernel_size = 2});
      },
      "avg_pool2d: ", {"int64"}));
}

TEST(BatchNormErrors, ChangeNothing) {
  const Tensor mean = zeros({3});
  const Tensor var = ones({3});
  const auto norm = [&](const Tensor& x, const BatchNormOptions& options, const Tensor& m,
                        const Tensor& v, const Tensor& w = {}) {
    return [=] { batch_norm(x, m, v, w, {}, options); };
  };
  const BatchNormOptions training{.training = true};
  EXPECT_TRUE(fails_with<ValueError>(norm(f32({1, 3, 1, 1}), training, mean, var),
                                     "batch_norm: one value per channel", {"[1, 3, 1, 1]"}));
  EXPECT_TRUE(fails_with<ShapeError>(norm(f32({4, 2}), training, mean, var),
                                     "batch_norm: running_mean has shape [3]", {"[4, 2]", "[2]"}));
  EXPECT_TRUE(fails_with<ShapeError>(norm(f32({4, 3}), training, mean, var, f32({2})),
                                     "batch_norm: weight has shape [2]"));
  EXPECT_TRUE(fails_with<ShapeError>(norm(f32({3}), training, mean, var), "batch_norm: "));
  EXPECT_TRUE(fails_with<ValueError>(norm(f32({4, 3}), {}, {}, {}), "batch_norm: running_mean"));
  EXPECT_TRUE(
      fails_with<ValueError>(norm(f32({4, 3}), training, mean, {}), "batch_norm: running_var"));
  EXPECT_TRUE(
      fails_with<ValueError>(norm(f32({4, 3}), {.training = true, .momentum = 1.5}, mean, var),
                             "batch_norm: momentum = 1.5"));
  EXPECT_TRUE(
      fails_with<ValueError>(norm(f32({4, 3}), {.eps = -1}, mean, var), "batch_norm: eps = -1"));
  EXPECT_TRUE(
      fails_with<DTypeError>(norm(i64({4, 3}), training, {}, {}), "batch_norm: ", {"int64"}));
  EXPECT_TRUE(fails_with<DTypeError>(
      norm(f32({4, 3}), training, mean.to(kFloat64), var.to(kFloat64)), "batch_norm: "));
  EXPECT_EQ(mean.to_vector(), (std::vector<double>{0, 0, 0}));
  EXPECT_EQ(var.to_vector(), (std::vector<double>{1, 1, 1}));
}

TEST(Dropout2dErrors, DimensionsProbabilityAndType) {
  EXPECT_TRUE(fails_with<ShapeError>(
      [] {
        dropout2d(f32({3, 4, 4}));
      },
      "dropout2d: ", {"[3, 4, 4]", "[N, C, H, W]"}));
  EXPECT_TRUE(fails_with<ValueError>([] { dropout2d(f32({1, 1, 1, 1}), 2); }, "dropout2d: p = 2"));
  EXPECT_TRUE(fails_with<DTypeError>([] { dropout2d(i64({1, 1, 1, 1})); }, "dropout2d: "));
}

}  // namespace
}  // namespace tarn::testing
