#include <gtest/gtest.h>

#include <tarn/autograd/backward.h>
#include <tarn/autograd/ops.h>
#include <tarn/tensor/factories.h>

#include "../tensor/closeness.h"
#include "operands.h"

namespace tarn::testing {
namespace {

using Values = std::vector<double>;
using Objective = Tensor (*)(const Tensor& x);

// The rows of the matrix of second derivatives, each by a backward pass through the recorded
// gradient.
Values hessian(Objective f, const Tensor& x) {
  const Tensor gradient = grad({f(x)}, {x}, {.create_graph = true})[0];
  Values rows;
  for (std::int64_t i = 0; i < x.size(0); ++i) {
    const Values row = grad({gradient[i]}, {x}, {.retain_graph = true})[0].to_vector();
    rows.insert(rows.end(), row.begin(), row.end());
  }
  return rows;
}

// 0.5 x^T A x - b^T x with A = [[4, 1], [1, 3]], b = [1, 2]
Tensor quadratic(const Tensor& x) {
  const Tensor a = from_vector<double>({4, 1, 1, 3}, {2, 2});
  const Tensor b = from_vector<double>({1, 2}, {2});
  return matmul(x, matmul(a, x)) * 0.5 - matmul(b, x);
}

TEST(SecondDerivatives, OfAQuadraticAreItsMatrix) {
  const Tensor x = variable({0.3, -1.7});
  const Values gradient = grad({quadratic(x)}, {x})[0].to_vector();
  EXPECT_NEAR(gradient[0], 4 * 0.3 - 1.7 - 1, 1e-14);
  EXPECT_NEAR(gradient[1], 0.3 - 3 * 1.7 - 2, 1e-14);
  const Values h = hessian(quadratic, x);
  const Values expected = {4, 1, 1, 3};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(h[i], expected[i], 1e-14);
}

// (a - x)^2 + b (y - x^2)^2 with a = 1, b = 100 (Rosenbrock 1960)
Tensor rosenbrock(const Tensor& x) { return square(1 - x[0]) + 100 * square(x[1] - square(x[0])); }

TEST(SecondDerivatives, OfRosenbrockAreTheClosedForm) {
  for (const auto& [px, py] : {std::pair{1.0, 1.0}, {-1.2, 1.0}, {0.3, -0.7}}) {
    const Tensor x = variable({px, py});
    const Values gradient = grad({rosenbrock(x)}, {x})[0].to_vector();
    EXPECT_NEAR(gradient[0], -2 * (1 - px) - 400 * px * (py - px * px), 1e-10);
    EXPECT_NEAR(gradient[1], 200 * (py - px * px), 1e-10);
    const Values h = hessian(rosenbrock, x);
    EXPECT_NEAR(h[0], 2 - 400 * (py - 3 * px * px), 1e-10);
    EXPECT_NEAR(h[1], -400 * px, 1e-10);
    EXPECT_NEAR(h[2], -400 * px, 1e-10);
    EXPECT_NEAR(h[3], 200, 1e-10);
  }
}

TEST(SecondDerivatives, OfAMonomialGoOnToTheNth) {
  const Tensor x = variable({1.5});
  Tensor derivative = sum(pow(x, 5));
  const Values expected = {5 * std::pow(1.5, 4), 20 * std::pow(1.5, 3), 60 * 1.5 * 1.5, 120 * 1.5,
                           120};
  for (const double value : expected) {
    derivative = sum(grad({derivative}, {x}, {.create_graph = true})[0]);
    EXPECT_NEAR(derivative.item(), value, 1e-10);
  }
}

TEST(SecondDerivatives, ThroughAnOutputThatTheOpSaved) {
  // tanh'' = -2 tanh (1 - tanh^2), exp''' = exp, sigmoid'' = s (1 - s) (1 - 2 s)
  const Tensor x = variable({0.4});
  const double t = std::tanh(0.4);
  const double s = 1 / (1 + std::exp(-0.4));
  const auto second = [&](const Tensor& y) {
    return grad({sum(grad({sum(y)}, {x}, {.create_graph = true})[0])}, {x})[0].item();
  };
  EXPECT_NEAR(second(tanh(x)), -2 * t * (1 - t * t), 1e-15);
  EXPECT_NEAR(second(sigmoid(x)), s * (1 - s) * (1 - 2 * s), 1e-15);
  EXPECT_NEAR(second(exp(x)), std::exp(0.4), 1e-15);
  EXPECT_NEAR(second(sqrt(x)), -0.25 * std::pow(0.4, -1.5), 1e-13);
}

TEST(SecondDerivatives, HessianVectorProductByBackwardOfBackward) {
  const Tensor x = variable({0.3, -1.7});
  const Tensor v = tensor({2.0, -1.0}, {.dtype = kFloat64});
  const Tensor gradient = grad({quadratic(x)}, {x}, {.create_graph = true})[0];
  sum(gradient * v).backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({7.0, -1.0}, {.dtype = kFloat64}), {.rtol = 1e-14}));
}

TEST(SecondDerivatives, BackwardWithCreateGraphMakesGradDifferentiable) {
  const Tensor x = variable({2});
  sum(x * x * x).backward({.create_graph = true});
  const Tensor first = x.grad();
  EXPECT_EQ(first.item(), 12);
  ASSERT_TRUE(first.requires_grad());
  EXPECT_EQ(grad({sum(first)}, {x})[0].item(), 12);
  x.set_grad({});  // breaks the circle x -> grad -> graph -> x
}

TEST(SecondDerivatives, WithRespectToTheGradientPassedIn) {
  const Tensor x = variable({3});
  const Tensor v = variable({5});
  const Tensor gradient =
      grad({x * x}, {x}, {.grad_outputs = {v}, .create_graph = true})[0];  // 2 x v
  const auto second = grad({sum(gradient)}, {x, v});
  EXPECT_EQ(second[0].item(), 10);
  EXPECT_EQ(second[1].item(), 6);
}

TEST(SecondDerivatives, OfAGradientPenalty) {
  // loss + |dloss/dx|^2, as in WGAN-GP: the parameter's gradient passes through the input's
  // gradient
  const Tensor w = variable({1.5});
  const Tensor x = variable({0.7});
  const Tensor y = sum(w * x * x);  // dy/dx = 2 w x
  const Tensor slope = grad({y}, {x}, {.create_graph = true})[0];
  sum(square(slope)).backward();  // 4 w^2 x^2
  EXPECT_NEAR(w.grad().item(), 8 * 1.5 * 0.49, 1e-13);
  EXPECT_NEAR(x.grad().item(), 8 * 2.25 * 0.7, 1e-13);
}

}  // namespace
}  // namespace tarn::testing
