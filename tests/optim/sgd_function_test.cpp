#include <cmath>
#include <limits>
#include <set>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/ops.h>
#include <tarn/optim/inverse_sqrt_lr.h>
#include <tarn/optim/sgd_function.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/random.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"
#include "warnings.h"

namespace tarn::optim {
namespace {

using testing::fails_with;
using testing::is_close;
using testing::same_bits;
using testing::Warnings;

// Linear regression with squared error.
Tensor loss(const Tensor& w, const Examples& e) { return mse_loss(matmul(e[0], w), e[1]); }

Tensor gradient(const Tensor& w, const Examples& e) {
  const Tensor residual = matmul(e[0], w) - e[1];
  return matmul(e[0].t(), residual) * (2.0 / static_cast<double>(e[0].size(0)));
}

Examples data(std::int64_t n) {
  Generator generator(5);
  const Tensor x = randn({n, 3}, generator, {.dtype = kFloat64});
  const Tensor w = tensor({1.0, -2.0, 0.5}, {.dtype = kFloat64});
  return {x, matmul(x, w) + randn({n}, generator, {.dtype = kFloat64}) * 0.1};
}

Tensor start() { return zeros({3}, {.dtype = kFloat64}); }

TEST(SgdFunction, IsTheAlgorithmOfTheSection) {
  // Written out with plain loops, and the permutations of the same generator.
  const Examples e = data(50);
  const std::vector<double> x = e[0].to_vector();
  const std::vector<double> y = e[1].to_vector();
  const std::size_t batch_size = 8;
  Generator generator(9);
  std::vector<double> theta(3, 0.0);
  for (int epoch = 0; epoch < 3; ++epoch) {
    const std::vector<std::int64_t> order = randperm(50, generator).to_vector<std::int64_t>();
    for (std::size_t begin = 0; begin < 50; begin += batch_size) {
      const std::size_t end = std::min<std::size_t>(begin + batch_size, 50);
      std::vector<double> grad(3, 0.0);
      for (std::size_t k = begin; k < end; ++k) {
        const auto i = static_cast<std::size_t>(order[k]);
        double residual = -y[i];
        for (std::size_t j = 0; j < 3; ++j) residual += x[3 * i + j] * theta[j];
        for (std::size_t j = 0; j < 3; ++j) grad[j] += 2 * residual * x[3 * i + j];
      }
      for (std::size_t j = 0; j < 3; ++j)
        theta[j] -= 0.05 * grad[j] / static_cast<double>(end - begin);
    }
  }
  const SGDResult result =
      sgd(loss, gradient, e, start(), {.lr = 0.05, .batch_size = 8, .epochs = 3, .seed = 9});
  EXPECT_TRUE(is_close(result.theta, from_vector(theta, {3}), {.rtol = 1e-12}));
}

TEST(SgdFunction, TakesTheGradientByAutogradWhenNoneIsGiven) {
  const Examples e = data(50);
  const SGDFunctionOptions o{.lr = 0.05, .batch_size = 8, .epochs = 3};
  const SGDResult by_hand = sgd(loss, gradient, e, start(), o);
  const SGDResult by_autograd = sgd(loss, e, start(), o);
  EXPECT_TRUE(is_close(by_autograd.theta, by_hand.theta, {.rtol = 1e-12}));
  EXPECT_EQ(by_autograd.history.size(), by_hand.history.size());
}

TEST(SgdFunction, ReportsTheLossOfAllExamplesAtTheStartAndAfterEachEpoch) {
  const Examples e = data(50);
  const SGDResult result = sgd(loss, e, start(), {.lr = 0.05, .batch_size = 8, .epochs = 4});
  ASSERT_EQ(result.history.size(), 5U);
  EXPECT_EQ(result.history.front(), loss(start(), e).item());
  EXPECT_EQ(result.history.back(), loss(result.theta, e).item());
  for (std::size_t i = 1; i < 5; ++i) EXPECT_LT(result.history[i], result.history[i - 1]);
}

TEST(SgdFunction, LeavesItsArgumentsAndTheDefaultGeneratorAlone) {
  const Examples e = data(20);
  const Tensor theta = start().requires_grad_();
  const std::uint64_t stream = default_generator().stream();
  const Warnings warnings;
  const SGDResult result = sgd(loss, e, theta, {.lr = 0.05, .batch_size = 8, .epochs = 2});
  EXPECT_TRUE(same_bits(theta, start()));
  EXPECT_FALSE(theta.grad().defined());
  EXPECT_FALSE(theta.impl().has_optimizer);
  EXPECT_FALSE(result.theta.requires_grad());
  EXPECT_EQ(default_generator().stream(), stream);
  EXPECT_TRUE(Warnings::texts().empty());
  EXPECT_TRUE(is_grad_enabled());
}

TEST(SgdFunction, WithABatchOfEverythingIsGradientDescent) {
  const Examples e = data(30);
  for (const std::int64_t batch_size :
       {std::int64_t{30}, std::int64_t{31}, std::numeric_limits<std::int64_t>::max()}) {
    const SGDResult result =
        sgd(loss, gradient, e, start(), {.lr = 0.05, .batch_size = batch_size, .epochs = 5});
    Tensor theta = start();
    for (int i = 0; i < 5; ++i) theta = theta - 0.05 * gradient(theta, e);
    EXPECT_TRUE(same_bits(result.theta, theta));
  }
}

TEST(SgdFunction, VisitsEveryExampleOncePerEpochInANewOrder) {
  const Examples e = {arange(10), arange(10)};
  std::vector<std::vector<std::int64_t>> batches;
  const auto record = [&](const Tensor& theta, const Examples& batch) {
    batches.push_back(batch[0].to_vector<std::int64_t>());
    EXPECT_TRUE(same_bits(batch[0], batch[1])) << "rows of all tensors stay together";
    return zeros_like(theta);
  };
  const auto zero = [](const Tensor&, const Examples&) { return zeros({}); };
  sgd(zero, record, e, start(), {.batch_size = 4, .epochs = 3});
  ASSERT_EQ(batches.size(), 9U);  // 4, 4 and the short one
  std::set<std::vector<std::int64_t>> orders;
  for (std::size_t epoch = 0; epoch < 3; ++epoch) {
    std::vector<std::int64_t> order;
    for (std::size_t i = 0; i < 3; ++i) {
      const auto& batch = batches[3 * epoch + i];
      EXPECT_EQ(batch.size(), i < 2 ? 4U : 2U);
      order.insert(order.end(), batch.begin(), batch.end());
    }
    orders.insert(order);
    EXPECT_EQ(std::set<std::int64_t>(order.begin(), order.end()).size(), 10U);
  }
  EXPECT_EQ(orders.size(), 3U);
}

TEST(SgdFunction, RepeatsItselfForTheSameSeedOnly) {
  const Examples e = data(50);
  const auto run = [&](std::uint64_t seed) {
    return sgd(loss, e, start(), {.lr = 0.05, .batch_size = 7, .epochs = 2, .seed = seed}).theta;
  };
  EXPECT_TRUE(same_bits(run(1), run(1)));
  EXPECT_FALSE(same_bits(run(1), run(2)));
}

TEST(SgdFunction, FollowsAScheduleUpdateByUpdate) {
  const Examples e = {zeros({5, 1})};
  const auto one = [](const Tensor& theta, const Examples&) { return ones_like(theta); };
  const auto zero = [](const Tensor&, const Examples&) { return zeros({}); };
  const InverseSqrtLR schedule;
  const SGDResult result = sgd(zero, one, e, zeros({1}, {.dtype = kFloat64}),
                               {.lr = 0.5, .schedule = &schedule, .batch_size = 2, .epochs = 2});
  double expected = 0;
  for (int t = 0; t < 6; ++t) expected -= 0.5 / std::sqrt(t + 1.0);  // 3 updates per epoch
  EXPECT_NEAR(result.theta.item(), expected, 1e-15);
}

TEST(SgdFunction, TakesOneExampleAtATimeAndNoEpochAtAll) {
  const Examples e = data(20);
  EXPECT_LT(sgd(loss, e, start(), {.lr = 0.01, .batch_size = 1, .epochs = 3}).history.back(), 1);
  const SGDResult nothing = sgd(loss, e, start(), {.epochs = 0});
  EXPECT_TRUE(same_bits(nothing.theta, start()));
  EXPECT_EQ(nothing.history.size(), 1U);
}

TEST(SgdFunction, RefusesArgumentsThatMakeNoSense) {
  const Examples e = data(10);
  const auto refuses = [&](const SGDFunctionOptions& o, std::string_view message) {
    return fails_with<ValueError>([&] { sgd(loss, e, start(), o); }, message);
  };
  EXPECT_TRUE(refuses({.batch_size = 0}, "sgd: batch_size = 0: expected a value >= 1"));
  EXPECT_TRUE(refuses({.epochs = -1}, "sgd: epochs = -1: expected a value >= 0"));
  EXPECT_TRUE(refuses({.lr = -1}, "SGD: lr = -1: expected a finite value >= 0"));
  EXPECT_TRUE(fails_with<ValueError>([&] { sgd(nullptr, e, start(), {}); }, "sgd: loss is empty"));
  EXPECT_TRUE(
      fails_with<ValueError>([&] { sgd(loss, nullptr, e, start(), {}); }, "sgd: grad is empty"));
  EXPECT_TRUE(fails_with<ValueError>([&] { sgd(loss, {}, start(), {}); }, "sgd: data is empty"));
  EXPECT_TRUE(fails_with<ValueError>(
      [&] {
        sgd(loss, {zeros({0, 3}), zeros({0})}, start(), {});
      },
      "sgd: number of examples = 0: expected a value >= 1"));
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] {
        sgd(loss, {zeros({5, 3}), zeros({4})}, start(), {});
      },
      "sgd: data[1] has 4 rows but data[0] has 5"));
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] {
        sgd(loss, {zeros({5, 3}), zeros({})}, start(), {});
      },
      "sgd: data[1] is a 0-d tensor"));
  EXPECT_TRUE(fails_with<ShapeError>([&] { sgd(loss, {Tensor()}, start(), {}); },
                                     "sgd: data[0] is an undefined tensor"));
  EXPECT_TRUE(fails_with<DTypeError>([&] { sgd(loss, e, arange(3), {}); },
                                     "sgd: theta_init is int64: expected float32 or float64"));
  EXPECT_TRUE(fails_with<DTypeError>([&] { sgd(loss, e, Tensor(), {}); },
                                     "sgd: theta_init is an undefined tensor"));
}

TEST(SgdFunction, RefusesWhatLossAndGradMustNotReturn) {
  const Examples e = data(10);
  const auto gives = [](const Tensor& value) {
    return [value](const Tensor&, const Examples&) { return value; };
  };
  EXPECT_TRUE(fails_with<ShapeError>([&] { sgd(gives(zeros({10})), gradient, e, start(), {}); },
                                     "sgd: loss returned shape [10]: expected one number"));
  EXPECT_TRUE(fails_with<ShapeError>([&] { sgd(gives(Tensor()), gradient, e, start(), {}); },
                                     "sgd: loss returned an undefined tensor"));
  EXPECT_TRUE(fails_with<ShapeError>([&] { sgd(loss, gives(zeros({4})), e, start(), {}); },
                                     "sgd: grad returned shape [4] for theta of shape [3]"));
  EXPECT_TRUE(fails_with<ShapeError>([&] { sgd(loss, gives(Tensor()), e, start(), {}); },
                                     "sgd: grad returned an undefined tensor"));
}

TEST(SgdFunction, PassesOnWhatTheUsersFunctionsThrow) {
  const auto broken = [](const Tensor&, const Examples&) -> Tensor {
    throw std::logic_error("mine");
  };
  EXPECT_TRUE(
      fails_with<std::logic_error>([&] { sgd(loss, broken, data(10), start(), {}); }, "mine"));
  EXPECT_TRUE(is_grad_enabled());
}

TEST(SgdFunction, TakesGradientsThatAreThetaItself) {
  // The gradient of |theta|^2 / 2, returned as the very tensor that is updated.
  const auto self = [](const Tensor& theta, const Examples&) { return theta; };
  const auto half_square = [](const Tensor& theta, const Examples&) {
    return square(theta).sum() * 0.5;
  };
  const SGDResult result =
      sgd(half_square, self, {zeros({4})}, ones({3}), {.lr = 0.5, .batch_size = 2, .epochs = 1});
  EXPECT_TRUE(same_bits(result.theta, full({3}, 0.25)));
}

}  // namespace
}  // namespace tarn::optim
