#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/autograd/ops.h>
#include <tarn/nn/init.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/random.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"

namespace tarn {
namespace {

namespace init = nn::init;
using init::FanMode;
using init::Nonlinearity;
using testing::fails_with;
using testing::same_bits;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

struct Moments {
  double mean;
  double std;
  double low;
  double high;
};

Moments moments(const Tensor& x) {
  const std::vector<double> values = x.to_vector();
  const auto n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (const double v : values) squares += (v - mean) * (v - mean);
  const auto [low, high] = std::ranges::minmax(values);
  return {mean, std::sqrt(squares / n), low, high};
}

// 200,000 draws reach within 0.1 % of both ends with probability 1 - e^-100, and their mean is
// within 6 of its standard deviations.
void expect_uniform(const Tensor& x, double bound) {
  ASSERT_GE(x.numel(), 200000);
  const Moments m = moments(x);
  EXPECT_GE(m.low, -bound * (1 + 1e-6));
  EXPECT_LE(m.high, bound * (1 + 1e-6));
  EXPECT_LT(m.low, -0.999 * bound);
  EXPECT_GT(m.high, 0.999 * bound);
  EXPECT_NEAR(m.mean, 0, 6 * bound / std::sqrt(3.0 * static_cast<double>(x.numel())));
}

// The standard deviation of n draws is off by about std / sqrt(2 n).
void expect_normal(const Tensor& x, double mean, double std) {
  ASSERT_GE(x.numel(), 200000);
  const auto n = static_cast<double>(x.numel());
  const Moments m = moments(x);
  EXPECT_NEAR(m.mean, mean, 6 * std / std::sqrt(n));
  EXPECT_NEAR(m.std, std, 6 * std / std::sqrt(2 * n));
  EXPECT_GT(m.high, mean + 3.5 * std);
}

TEST(CalculateGain, IsPyTorchsTable) {
  EXPECT_EQ(init::calculate_gain(Nonlinearity::linear), 1);
  EXPECT_EQ(init::calculate_gain(Nonlinearity::sigmoid), 1);
  EXPECT_DOUBLE_EQ(init::calculate_gain(Nonlinearity::tanh), 1.6666666666666667);
  EXPECT_DOUBLE_EQ(init::calculate_gain(Nonlinearity::relu), 1.4142135623730951);
  EXPECT_DOUBLE_EQ(init::calculate_gain(Nonlinearity::leaky_relu), 1.4141428569978354);
  EXPECT_DOUBLE_EQ(init::calculate_gain(Nonlinearity::leaky_relu, 0.2), 1.3867504905630728);
  EXPECT_EQ(init::calculate_gain(Nonlinearity::selu), 0.75);
  EXPECT_EQ(init::calculate_gain(Nonlinearity::conv_transpose3d), 1);
}

TEST(ConstantInit, FillsLeavesThatRequireGradWithoutRecording) {
  const Tensor x = empty({2, 3}, {.requires_grad = true});
  EXPECT_TRUE(init::constant_(x, 2.5).is_same(x));
  EXPECT_EQ(x.to_vector(), std::vector<double>(6, 2.5));
  EXPECT_TRUE(x.is_leaf());
  EXPECT_EQ(init::zeros_(x).to_vector(), std::vector<double>(6, 0));
  EXPECT_EQ(init::ones_(x).to_vector(), std::vector<double>(6, 1));
  const Tensor counts = init::constant_(empty({2}, {.dtype = kInt64}), 3);
  EXPECT_EQ(counts.to_vector(), (std::vector<double>{3, 3}));
}

TEST(UniformInit, CoversItsRange) {
  manual_seed(0);
  const Tensor x = empty({500, 400}, {.requires_grad = true});
  expect_uniform(init::uniform_(x, -0.3, 0.3), 0.3);
  const Moments m = moments(init::uniform_(x));
  EXPECT_GE(m.low, 0);
  EXPECT_LT(m.high, 1);
  EXPECT_NEAR(m.mean, 0.5, 0.004);
}

TEST(NormalInit, HasItsMoments) {
  manual_seed(0);
  expect_normal(init::normal_(empty({500, 400})), 0, 1);
  expect_normal(init::normal_(empty({500, 400}, {.dtype = kFloat64}), 5, 0.1), 5, 0.1);
  EXPECT_EQ(init::normal_(empty({2}), 3, 0).to_vector(), (std::vector<double>{3, 3}));
}

// fan_in = 400, fan_out = 600.
TEST(XavierInit, SpreadsWithTheSumOfTheFans) {
  manual_seed(0);
  const Tensor x = empty({600, 400});
  expect_uniform(init::xavier_uniform_(x), std::sqrt(6.0 / 1000));
  expect_uniform(init::xavier_uniform_(x, 5.0 / 3), 5.0 / 3 * std::sqrt(6.0 / 1000));
  expect_normal(init::xavier_normal_(x, 2), 0, 2 * std::sqrt(2.0 / 1000));
}

TEST(KaimingInit, SpreadsWithOneFan) {
  manual_seed(0);
  const Tensor x = empty({600, 400});
  expect_uniform(init::kaiming_uniform_(x), std::sqrt(6.0 / 400));
  expect_uniform(init::kaiming_uniform_(x, {.a = std::sqrt(5.0)}), 1 / std::sqrt(400.0));
  expect_uniform(init::kaiming_uniform_(x, {.mode = FanMode::fan_out}), std::sqrt(6.0 / 600));
  expect_normal(init::kaiming_normal_(x, {.nonlinearity = Nonlinearity::relu}), 0,
                std::sqrt(2.0 / 400));
  expect_normal(
      init::kaiming_normal_(x, {.mode = FanMode::fan_out, .nonlinearity = Nonlinearity::linear}), 0,
      std::sqrt(1.0 / 600));
}

// [out, in, height, width]: fan_in = 20 * 3 * 3, fan_out = 300 * 3 * 3.
TEST(KaimingInit, CountsTheReceptiveFieldOfAConvolution) {
  manual_seed(0);
  const Tensor x = empty({1200, 20, 3, 3});
  expect_normal(init::kaiming_normal_(x), 0, std::sqrt(2.0 / 180));
  expect_uniform(init::xavier_uniform_(x), std::sqrt(6.0 / (180 + 10800)));
}

// E[z | -2 < z < 1] = (pdf(-2) - pdf(1)) / (cdf(1) - cdf(-2)).
TEST(TruncNormalInit, HasTheMomentsOfTheTruncatedDistribution) {
  manual_seed(0);
  const Moments m = moments(init::trunc_normal_(empty({500, 400}), 3, 0.5, 2, 3.5));
  EXPECT_GE(m.low, 2);
  EXPECT_LE(m.high, 3.5);
  EXPECT_LT(m.low, 2.001);
  EXPECT_GT(m.high, 3.499);
  EXPECT_NEAR(m.mean, 3 - 0.5 * 0.2296378, 0.004);
  EXPECT_NEAR(m.std, 0.5 * 0.7214, 0.004);
}

TEST(TruncNormalInit, ReachesFarTails) {
  const Moments right = moments(init::trunc_normal_(empty({1000}), 0, 1, 8, 9));
  EXPECT_GE(right.low, 8);
  EXPECT_NEAR(right.mean, 8.1218, 0.03);  // 8 + about 1 / 8
  const Moments left = moments(init::trunc_normal_(empty({1000}), 0, 1, -9, -8));
  EXPECT_LE(left.high, -8);
  EXPECT_THROW(init::trunc_normal_(empty({2}), 0, 1, 2, 2), ValueError);
  EXPECT_THROW(init::trunc_normal_(empty({2}), 0, 0), ValueError);
}

TEST(EyeInit, IsTheIdentityInAnyShapeAndLayout) {
  EXPECT_EQ(init::eye_(empty({2, 3})).to_vector(), (std::vector<double>{1, 0, 0, 0, 1, 0}));
  EXPECT_EQ(init::eye_(empty_strided({3, 2}, {1, 3})).to_vector(),
            (std::vector<double>{1, 0, 0, 1, 0, 0}));
  EXPECT_TRUE(fails_with<ShapeError>([] { init::eye_(empty({2})); }, "eye_: the tensor has shape"));
}

TEST(DiracInit, PutsAOneInTheMiddleOfEachChannel) {
  EXPECT_EQ(init::dirac_(empty({3, 2, 3})).to_vector(),
            (std::vector<double>{0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0}));
  const Tensor grouped = init::dirac_(empty({4, 2, 1, 1}), 2);
  EXPECT_EQ(grouped.to_vector(), (std::vector<double>{1, 0, 0, 1, 1, 0, 0, 1}));
  EXPECT_THROW(init::dirac_(empty({3, 2})), ShapeError);
  EXPECT_TRUE(fails_with<ValueError>(
      [] {
        init::dirac_(empty({3, 2, 1}), 2);
      },
      "dirac_: groups = 2"));
}

TEST(OrthogonalInit, MakesTheShorterSideOrthonormal) {
  manual_seed(0);
  for (const Shape& shape : {Shape{5, 3}, Shape{3, 5}, Shape{4, 2, 3}, Shape{6, 6}, Shape{1, 7}}) {
    const Tensor x = init::orthogonal_(empty(shape, {.dtype = kFloat64, .requires_grad = true}), 2);
    const Tensor m = x.detach().reshape({shape[0], -1});
    const Tensor product = m.size(0) < m.size(1) ? matmul(m, m.t()) : matmul(m.t(), m);
    EXPECT_TRUE(testing::is_close(product, eye(product.size(0), {.dtype = kFloat64}) * 4,
                                  {.rtol = 0, .atol = 1e-14}));
  }
}

TEST(OrthogonalInit, HasNoPreferredSigns) {
  manual_seed(0);
  double sum = 0;
  for (int i = 0; i < 500; ++i) sum += init::orthogonal_(empty({2, 2}))[0][0].item();
  EXPECT_NEAR(sum / 500, 0, 0.15);  // std of the mean: sqrt(1/2 / 500) = 0.03
}

TEST(SparseInit, ZeroesAPartOfEachColumn) {
  manual_seed(0);
  const Tensor x = init::sparse_(empty({10, 40}), 0.25);
  for (int column = 0; column < 40; ++column) {
    const std::vector<double> values = x.select(1, column).to_vector();
    EXPECT_EQ(std::ranges::count(values, 0.0), 3);
  }
  EXPECT_EQ(moments(init::sparse_(x, 1)).high, 0);
  EXPECT_THROW(init::sparse_(x, 1.1), ValueError);
  EXPECT_THROW(init::sparse_(empty({2, 2, 2}), 0.5), ShapeError);
}

TEST(StructuredInit, IsTheSameForTheSameSeed) {
  using Init = const Tensor& (*)(const Tensor&);
  const Init inits[] = {[](const Tensor& x) -> const Tensor& { return init::orthogonal_(x); },
                        [](const Tensor& x) -> const Tensor& { return init::sparse_(x, 0.3); },
                        [](const Tensor& x) -> const Tensor& { return init::trunc_normal_(x); }};
  for (const Init f : inits) {
    const auto draw = [&](const Tensor& x) {
      manual_seed(3);
      return f(x);
    };
    EXPECT_TRUE(same_bits(draw(empty({5, 4})), draw(empty_strided({5, 4}, {1, 5}))));
    EXPECT_THROW(f(empty({2, 2}, {.dtype = kInt64})), DTypeError);
  }
}

TEST(RandomInit, DependsOnTheIndexAndNotOnTheMemoryLayout) {
  const auto draw = [](const Tensor& x) {
    manual_seed(11);
    init::kaiming_normal_(x);
    init::xavier_uniform_(x);
    return x;
  };
  const Tensor row_major = draw(empty({5, 7}));
  EXPECT_TRUE(same_bits(draw(empty_strided({5, 7}, {1, 5})), row_major));
  EXPECT_TRUE(same_bits(draw(empty({10, 14}).slice(0, 0, 10, 2).slice(1, 0, 14, 2)), row_major));
}

TEST(RandomInit, LeavesEmptyWeightsAsTheyAre) {
  EXPECT_EQ(init::kaiming_uniform_(empty({3, 0})).numel(), 0);
  EXPECT_EQ(init::xavier_normal_(empty({0, 0})).numel(), 0);
}

TEST(RandomInit, RefusesWhatItCannotInterpret) {
  const Tensor bias = zeros({3});
  const Tensor weight = zeros({3, 3});
  EXPECT_TRUE(fails_with<ShapeError>([&] { init::kaiming_uniform_(bias); },
                                     "kaiming_uniform_: the tensor has shape [3]"));
  EXPECT_TRUE(fails_with<ShapeError>([&] { init::xavier_normal_(scalar_tensor(1.0)); },
                                     "xavier_normal_: ", {"[]"}));
  EXPECT_TRUE(fails_with<ValueError>([&] { init::uniform_(weight, 1, -1); },
                                     "uniform_: low = 1, high = -1"));
  EXPECT_TRUE(
      fails_with<ValueError>([&] { init::uniform_(weight, kNaN, 1); }, "uniform_: low = nan"));
  EXPECT_TRUE(
      fails_with<ValueError>([&] { init::uniform_(weight, -kInf, kInf); }, "uniform_: low = -inf"));
  EXPECT_TRUE(
      fails_with<ValueError>([&] { init::normal_(weight, 0, -1); }, "normal_: mean = 0, std = -1"));
  EXPECT_TRUE(fails_with<ValueError>([&] { init::normal_(weight, kNaN); }, "normal_: mean = nan"));
  EXPECT_TRUE(fails_with<ValueError>([&] { init::xavier_uniform_(weight, -1); },
                                     "xavier_uniform_: gain = -1"));
  EXPECT_TRUE(fails_with<ValueError>([&] { init::kaiming_normal_(weight, {.a = kNaN}); },
                                     "kaiming_normal_: a = nan"));
  EXPECT_EQ(weight.to_vector(), std::vector<double>(9, 0));
  EXPECT_THROW(init::kaiming_normal_(zeros({2, 2}, {.dtype = kInt64})), DTypeError);
  EXPECT_THROW(init::constant_(Tensor(), 1), ValueError);
}

}  // namespace
}  // namespace tarn
