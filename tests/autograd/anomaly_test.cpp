#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include <tarn/autograd/anomaly.h>
#include <tarn/autograd/backward.h>
#include <tarn/autograd/ops.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/str.h>

#include "../tensor/expect_error.h"
#include "operands.h"

namespace tarn::testing {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(Anomaly, NamesTheOpAndTheLineWhoseGradientIsFirstNaN) {
  const AnomalyGuard guard;
  const Tensor x = variable({0, 1});
  const int line = __LINE__ + 1;
  const Tensor root = sqrt(x);
  const Tensor y = sum(root * 0.0);  // 0 / (2 * 0)
  EXPECT_TRUE(fails_with<AutogradError>(
      [&] { y.backward(); },
      str("AnomalyGuard: the gradient of sqrt (line ", line, " of anomaly_test.cpp)"),
      {"input 0, shape [2], has a NaN", "no op recorded under the guard"}));
  EXPECT_FALSE(x.grad().defined());
}

TEST(Anomaly, NamesTheFirstOpWhoseResultWasNaN) {
  const AnomalyGuard guard;
  const Tensor x = variable({-1, 1});
  const int line = __LINE__ + 1;
  const Tensor y = log(x);
  const Tensor loss = sum(y * y);
  EXPECT_TRUE(fails_with<AutogradError>(
      [&] { loss.backward(); }, "AnomalyGuard: the gradient of mul",
      {str("first result with a NaN was that of log (line ", line), "shape [2]"}));
}

TEST(Anomaly, LooksAtGradAndSecondDerivativesToo) {
  const AnomalyGuard guard;
  const Tensor x = variable(0);
  EXPECT_THROW(grad({sum(sqrt(x) * 0.0)}, {x}), AutogradError);
  const Tensor first = grad({sum(pow(x, 1.5))}, {x}, {.create_graph = true})[0];
  EXPECT_EQ(first.item(), 0);
  EXPECT_THROW(sum(first * 0.0).backward(), AutogradError);  // x^-0.5 * 0
}

TEST(Anomaly, BlamesNoOpForANaNThatCameFromOutside) {
  const AnomalyGuard guard;
  const Tensor x = variable(1);
  const Tensor y = x * 2;
  EXPECT_TRUE(fails_with<AutogradError>([&] { y.backward(constant({kNaN})); },
                                        "AnomalyGuard: the gradient that reached the result of mul",
                                        {"passed to backward()"}));
  const Tensor z = x * 2;
  x.register_hook([](const Tensor&) { return constant({kNaN}); });
  EXPECT_TRUE(fails_with<AutogradError>(
      [&] { z.backward(); }, "AnomalyGuard: the gradient that reached the result of leaf",
      {"hook"}));
  EXPECT_FALSE(x.grad().defined());
}

TEST(Anomaly, InfinityIsNotNaN) {
  const AnomalyGuard guard;
  const Tensor x = variable(0);
  sum(sqrt(x)).backward();
  EXPECT_TRUE(std::isinf(x.grad().item()));
}

TEST(Anomaly, EndsWithTheOuterGuard) {
  EXPECT_FALSE(is_anomaly_enabled());
  {
    const AnomalyGuard outer;
    { const AnomalyGuard inner; }
    EXPECT_TRUE(is_anomaly_enabled());
  }
  EXPECT_FALSE(is_anomaly_enabled());
  const Tensor x = variable(0);
  sum(sqrt(x) * 0.0).backward();
  EXPECT_TRUE(std::isnan(x.grad().item()));
}

}  // namespace
}  // namespace tarn::testing
