#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/autograd/ops.h>
#include <tarn/nn/nn.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/log.h>
#include <tarn/tensor/parallel.h>
#include <tarn/tensor/random.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"

namespace tarn {
namespace {

using testing::fails_with;
using testing::same_bits;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

using Values = std::vector<double>;

Tensor with_grad(const Tensor& grad) {
  const Tensor parameter = zeros(grad.sizes(), {.dtype = grad.dtype(), .requires_grad = true});
  parameter.set_grad(grad);
  return parameter;
}

Tensor float64(std::initializer_list<double> values) { return tensor(values, {.dtype = kFloat64}); }

// Two parameters whose gradients have the common norm 10.
std::vector<Tensor> norm_ten() { return {with_grad(float64({0, 6})), with_grad(float64({8}))}; }

// Keeps the warnings of a test.
class Warnings {
 public:
  Warnings()
      : previous_(
            set_log_handler([](LogLevel, const std::string& text) { given.push_back(text); })) {
    given.clear();
    reset_warnings();
  }
  ~Warnings() { set_log_handler(previous_); }
  Warnings(const Warnings&) = delete;
  Warnings& operator=(const Warnings&) = delete;
  static inline std::vector<std::string> given;

 private:
  LogHandler previous_;
};

TEST(ClipGradNorm, ScalesTheGradientsOfAllParametersTogether) {
  const std::vector<Tensor> parameters = norm_ten();
  EXPECT_EQ(nn::clip_grad_norm_(parameters, 1), 10);
  const double factor = 1 / (10 + 1e-6);
  EXPECT_EQ(parameters[0].grad().to_vector(), (Values{0, 6 * factor}));
  EXPECT_EQ(parameters[1].grad().to_vector(), Values{8 * factor});
  EXPECT_NEAR(nn::clip_grad_norm_(parameters, kInf), 0.9999999, 1e-12);
}

TEST(ClipGradNorm, LeavesSmallerGradientsAsTheyAre) {
  const std::vector<Tensor> parameters = norm_ten();
  EXPECT_EQ(nn::clip_grad_norm_(parameters, 10.1), 10);
  EXPECT_EQ(parameters[0].grad().to_vector(), (Values{0, 6}));
}

// The 1e-6 in the denominator reaches gradients whose norm is max_norm exactly.
TEST(ClipGradNorm, ScalesByALittleAtTheThresholdItself) {
  const Tensor at = with_grad(float64({1}));
  EXPECT_EQ(nn::clip_grad_norm_({at}, 1), 1);
  EXPECT_EQ(at.grad().item(), 1 / (1 + 1e-6));
  const Tensor tiny = with_grad(float64({1e-6}));
  nn::clip_grad_norm_({tiny}, 1e-6);
  EXPECT_EQ(tiny.grad().item(), 5e-7);
}

TEST(ClipGradNorm, TakesOtherNorms) {
  const auto norm = [](double norm_type) {
    return nn::clip_grad_norm_({with_grad(float64({3, -4})), with_grad(float64({-12}))}, kInf,
                               {.norm_type = norm_type});
  };
  EXPECT_EQ(norm(2), 13);
  EXPECT_EQ(norm(1), 19);
  EXPECT_EQ(norm(kInf), 12);
  EXPECT_NEAR(norm(3), std::cbrt(27 + 64 + 1728), 1e-12);
  EXPECT_NEAR(norm(0.5), std::pow(std::sqrt(3) + 2 + std::sqrt(12), 2), 1e-12);
  EXPECT_NEAR(norm(5000), 12, 1e-9);  // 12^5000 itself is out of range
  const Tensor parameter = with_grad(float64({3, -4}));
  nn::clip_grad_norm_({parameter}, 2, {.norm_type = kInf});
  EXPECT_EQ(parameter.grad().to_vector(), (Values{3 * (2 / (4 + 1e-6)), -4 * (2 / (4 + 1e-6))}));
}

TEST(ClipGradNorm, DoesNotOverflowWhereFloat32Squares) {
  const Tensor parameter = with_grad(full({128}, 1e19));
  const double norm = nn::clip_grad_norm_({parameter}, 1, {.error_if_nonfinite = true});
  EXPECT_NEAR(norm, 1e19 * std::sqrt(128.0), 1e13);
  EXPECT_NEAR(parameter.grad().to_vector()[127], 1 / std::sqrt(128.0), 1e-7);
}

TEST(ClipGradNorm, DoesNotOverflowOver128Gradients) {
  std::vector<Tensor> parameters;
  for (int i = 0; i < 128; ++i) parameters.push_back(with_grad(full({1}, 1e19)));
  for (const double p : {1.0, 2.0, 3.5, kInf}) {
    std::vector<Tensor> gradients;
    for (const Tensor& parameter : parameters) gradients.push_back(parameter.grad());
    const double expected = 1e19 * (std::isinf(p) ? 1 : std::pow(128.0, 1 / p));
    EXPECT_NEAR(nn::get_total_norm(gradients, {.norm_type = p}) / expected, 1, 1e-6);
  }
  nn::clip_grad_norm_(parameters, 1, {.error_if_nonfinite = true});
  EXPECT_NEAR(parameters[127].grad().item(), 1 / std::sqrt(128.0), 1e-7);
}

TEST(ClipGradNorm, ScalesGradientsThatTwoParametersShareOnce) {
  const Tensor a = zeros({2}, {.dtype = kFloat64, .requires_grad = true});
  const Tensor b = zeros({2}, {.dtype = kFloat64, .requires_grad = true});
  (a + b).sum().backward();
  EXPECT_EQ(nn::clip_grad_norm_({a, b}, 1), 2);
  EXPECT_EQ(a.grad().to_vector(), (Values{1 / (2 + 1e-6), 1 / (2 + 1e-6)}));
  EXPECT_EQ(b.grad().to_vector(), a.grad().to_vector());
}

TEST(ClipGradNorm, SurvivesTheExtremesOfFloat64) {
  EXPECT_DOUBLE_EQ(nn::clip_grad_norm_({with_grad(float64({3e200, 4e200}))}, kInf), 5e200);
  EXPECT_DOUBLE_EQ(nn::clip_grad_norm_({with_grad(float64({3e-200, 4e-200}))}, kInf), 5e-200);
  EXPECT_EQ(nn::clip_grad_norm_({with_grad(float64({5e-324}))}, kInf), 5e-324);
  EXPECT_EQ(nn::clip_grad_norm_({with_grad(float64({0, -0.0}))}, 1), 0);
}

TEST(ClipGradNorm, SkipsParametersWithoutGradients) {
  EXPECT_EQ(nn::clip_grad_norm_(std::vector<Tensor>{}, 1), 0);
  EXPECT_EQ(nn::clip_grad_norm_({ones({3}, {.requires_grad = true})}, 1), 0);
  EXPECT_EQ(nn::clip_grad_norm_({ones({3}, {.requires_grad = true}), with_grad(float64({2}))}, 5),
            2);
  EXPECT_EQ(nn::clip_grad_norm_({with_grad(empty({0}))}, 1), 0);
}

TEST(ClipGradNorm, CountsAParameterThatIsListedTwiceOnce) {
  const Tensor parameter = with_grad(float64({3, 4}));
  EXPECT_EQ(nn::clip_grad_norm_({parameter, parameter}, 1), 5);
  EXPECT_EQ(parameter.grad().to_vector(), (Values{3 / (5 + 1e-6), 4 / (5 + 1e-6)}));
}

TEST(ClipGradNorm, KeepsTheGradientTheSameObjectAndNotesTheWrite) {
  const Tensor grad = empty_strided({2, 3}, {1, 2});
  grad.fill_(10);
  const Tensor parameter = with_grad(grad);
  const auto version = grad.version();
  nn::clip_grad_norm_({parameter}, 1);
  EXPECT_TRUE(parameter.grad().is_same(grad));
  EXPECT_EQ(grad.strides(), (Shape{1, 2}));
  EXPECT_GT(grad.version(), version);
}

TEST(ClipGradNorm, ClipsGradientsThatOverlapOrHaveGaps) {
  const Tensor expanded = with_grad(full({1}, 3, {.dtype = kFloat64}).expand({4}));
  const Tensor wide = full({4, 2}, 100, {.dtype = kFloat64});
  wide.slice(1, 0, 1).fill_(4);
  const Tensor column = with_grad(wide.slice(1, 0, 1));
  EXPECT_EQ(nn::clip_grad_norm_({expanded, column}, 5), 10);
  const double factor = 5 / (10 + 1e-6);
  EXPECT_EQ(expanded.grad().to_vector(), Values(4, 3 * factor));
  EXPECT_EQ(column.grad().to_vector(), Values(4, 4 * factor));
  EXPECT_EQ(wide.to_vector()[1], 100);
}

TEST(ClipGradNorm, MaxNormOfZeroGivesZeroGradientsAndOfInfinityOnlyMeasures) {
  const std::vector<Tensor> parameters = norm_ten();
  EXPECT_EQ(nn::clip_grad_norm_(parameters, kInf), 10);
  EXPECT_EQ(parameters[0].grad().to_vector(), (Values{0, 6}));
  EXPECT_EQ(nn::clip_grad_norm_(parameters, 0), 10);
  EXPECT_EQ(parameters[0].grad().to_vector(), (Values{0, 0}));
  EXPECT_EQ(parameters[1].grad().to_vector(), Values{0});
}

TEST(ClipGradNorm, LeavesGradientsUntouchedWhenTheNormIsNotFinite) {
  const Warnings warnings;
  for (const double bad : {kNaN, kInf, -kInf}) {
    for (const double norm_type : {1.0, 2.0, 3.0, kInf}) {
      const Tensor good = with_grad(float64({3, 4}));
      const Tensor broken = with_grad(float64({1, bad}));
      const Tensor before = broken.grad().clone();
      const double norm = nn::clip_grad_norm_({good, broken}, 1, {.norm_type = norm_type});
      EXPECT_EQ(std::isnan(norm), std::isnan(bad)) << bad << ' ' << norm_type;
      EXPECT_FALSE(std::isfinite(norm));
      EXPECT_EQ(good.grad().to_vector(), (Values{3, 4}));
      EXPECT_TRUE(same_bits(broken.grad(), before));
    }
  }
  ASSERT_EQ(warnings.given.size(), 1U);
  EXPECT_EQ(warnings.given[0],
            "clip_grad_norm_: the total norm is nan; the first non-finite gradient is "
            "parameters[1][1] = nan: the gradients "
            "are left as they are");
}

TEST(ClipGradNorm, NamesTheFirstNonFiniteElementWhenAsked) {
  nn::Sequential model(nn::Linear(3, 2), nn::Linear(2, 1));
  model(ones({1, 3})).sum().backward();
  const Tensor weight = model.at<nn::Linear>(0).weight;
  const Tensor bias = model.at<nn::Linear>(1).bias;
  weight.grad().data_ptr<float>()[1 * 1 + 2 * 2] =
      -std::numeric_limits<float>::infinity();  // [1, 2], strides (1, 2)
  bias.grad().fill_(kNaN);
  const Tensor before = model.at<nn::Linear>(0).bias.grad().clone();
  const nn::ClipGradNormOptions strict{.error_if_nonfinite = true};
  EXPECT_TRUE(fails_with<ValueError>([&] { nn::clip_grad_norm_(model, 1, strict); },
                                     "clip_grad_norm_: the total norm is nan; ",
                                     {"0.weight[1, 2] = -inf"}));
  EXPECT_TRUE(fails_with<ValueError>([&] { nn::clip_grad_norm_(model.parameters(), kInf, strict); },
                                     "clip_grad_norm_: the total norm is nan; ",
                                     {"parameters[0][1, 2] = -inf"}));
  EXPECT_TRUE(same_bits(model.at<nn::Linear>(0).bias.grad(), before));
  const Tensor scalar = with_grad(full({}, kInf));
  EXPECT_TRUE(fails_with<ValueError>([&] { nn::clip_grad_norm_({scalar}, 1, strict); },
                                     "clip_grad_norm_: the total norm is inf; ",
                                     {"parameters[0] = inf"}));
  const Tensor huge = with_grad(float64({1.7e308, 1.7e308}));
  EXPECT_TRUE(fails_with<ValueError>([&] { nn::clip_grad_norm_({huge}, 1, strict); },
                                     "clip_grad_norm_: the total norm is inf; ",
                                     {"the norm overflows"}));
}

TEST(ClipGradNorm, RefusesLimitsAndNormsThatMakeNoSense) {
  const std::vector<Tensor> parameters = norm_ten();
  EXPECT_TRUE(fails_with<ValueError>([&] { nn::clip_grad_norm_(parameters, -1); },
                                     "clip_grad_norm_: max_norm = -1: "));
  EXPECT_TRUE(fails_with<ValueError>([&] { nn::clip_grad_norm_(parameters, kNaN); },
                                     "clip_grad_norm_: max_norm = nan: "));
  for (const double norm_type : {0.0, -2.0, -kInf, kNaN}) {
    EXPECT_TRUE(fails_with<ValueError>(
        [&] { nn::clip_grad_norm_(parameters, 1, {.norm_type = norm_type}); },
        "clip_grad_norm_: norm_type = "));
  }
  EXPECT_THROW(nn::clip_grad_norm_({Tensor()}, 1), ValueError);
  EXPECT_EQ(parameters[0].grad().to_vector(), (Values{0, 6}));
}

TEST(ClipGradNorm, GivesTheSameBitsForAnyNumberOfThreads) {
  manual_seed(0);
  const std::vector<Tensor> grads{randn({1000, 37}), randn({12345}),
                                  randn({7}, {.dtype = kFloat64})};
  const auto clip = [&](int threads) {
    set_num_threads(threads);
    std::vector<Tensor> parameters;
    for (const Tensor& grad : grads) parameters.push_back(with_grad(grad.clone()));
    const double norm = nn::clip_grad_norm_(parameters, 1);
    parameters.push_back(full({}, norm, {.dtype = kFloat64}));
    return parameters;
  };
  const int before = get_num_threads();
  const std::vector<Tensor> one = clip(1);
  const std::vector<Tensor> four = clip(4);
  set_num_threads(before);
  for (std::size_t i = 0; i < grads.size(); ++i)
    EXPECT_TRUE(same_bits(one[i].grad(), four[i].grad()));
  EXPECT_TRUE(same_bits(one.back(), four.back()));
  // The same norm, computed in the plain order.
  double squares = 0;
  for (const Tensor& grad : grads) {
    for (const double x : grad.to_vector()) squares += x * x;
  }
  EXPECT_NEAR(one.back().item(), std::sqrt(squares), 1e-10);
}

TEST(ClipGradNorm, OfAModuleIsThatOfItsParameters) {
  nn::Sequential model(nn::Linear(3, 2), nn::Linear(2, 1, {.bias = false}));
  model(full({4, 3}, 5)).sum().backward();
  const double norm = nn::clip_grad_norm_(model.parameters(), kInf);
  EXPECT_GT(norm, 0.5);
  EXPECT_EQ(nn::clip_grad_norm_(model, 0.5), norm);
  EXPECT_NEAR(nn::clip_grad_norm_(model, kInf), 0.5, 1e-5);
}

TEST(GetTotalNorm, MeasuresTensorsWithoutChangingThem) {
  const std::vector<Tensor> grads{float64({3}), Tensor(), float64({4})};
  EXPECT_EQ(nn::get_total_norm(grads), 5);
  EXPECT_EQ(nn::get_total_norm(grads, {.norm_type = 1}), 7);
  EXPECT_EQ(nn::get_total_norm({}), 0);
  EXPECT_TRUE(std::isnan(nn::get_total_norm({float64({kNaN})})));
  EXPECT_TRUE(fails_with<ValueError>(
      [] {
        nn::get_total_norm({float64({1, kInf})}, {.error_if_nonfinite = true});
      },
      "get_total_norm: the total norm is inf; ", {"tensors[0][1] = inf"}));
  EXPECT_THROW(nn::get_total_norm({float64({1})}, {.norm_type = 0}), ValueError);
}

TEST(ClipGradValue, ClampsEveryElement) {
  const Tensor parameter = with_grad(tensor({-3.0, -0.5, 0.0, 0.5, 3.0}));
  const Tensor none = ones({2}, {.requires_grad = true});
  nn::clip_grad_value_({parameter, none}, 1);
  EXPECT_EQ(parameter.grad().to_vector(), (Values{-1, -0.5, 0, 0.5, 1}));
  EXPECT_FALSE(none.grad().defined());
  nn::clip_grad_value_({parameter}, kInf);
  EXPECT_EQ(parameter.grad().to_vector(), (Values{-1, -0.5, 0, 0.5, 1}));
  nn::clip_grad_value_({parameter}, 0);
  EXPECT_EQ(parameter.grad().to_vector(), Values(5, 0));
}

TEST(ClipGradValue, ClampsInfinityAndLeavesNaN) {
  const Tensor parameter = with_grad(tensor({-kInf, kNaN, kInf}));
  nn::clip_grad_value_({parameter}, 2);
  const Values values = parameter.grad().to_vector();
  EXPECT_EQ(values[0], -2);
  EXPECT_TRUE(std::isnan(values[1]));
  EXPECT_EQ(values[2], 2);
}

TEST(ClipGradValue, ClipsGradientsThatOverlapAndThoseOfAModule) {
  const Tensor expanded = with_grad(full({1}, 3).expand({4}));
  nn::clip_grad_value_({expanded}, 1);
  EXPECT_EQ(expanded.grad().to_vector(), Values(4, 1));
  nn::Linear fc(2, 2);
  fc(full({1, 2}, 5)).sum().backward();
  nn::clip_grad_value_(fc, 0.25);
  EXPECT_EQ(fc.weight.grad().to_vector(), Values(4, 0.25));
}

TEST(ClipGradValue, RefusesNegativeLimits) {
  const Tensor parameter = with_grad(float64({5}));
  EXPECT_TRUE(fails_with<ValueError>([&] { nn::clip_grad_value_({parameter}, -1); },
                                     "clip_grad_value_: clip_value = -1: "));
  EXPECT_THROW(nn::clip_grad_value_({parameter}, kNaN), ValueError);
  EXPECT_EQ(parameter.grad().item(), 5);
}

}  // namespace
}  // namespace tarn
