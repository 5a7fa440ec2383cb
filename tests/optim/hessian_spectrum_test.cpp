#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/autograd/grad_mode.h>
#include <tarn/optim/full_gradient.h>
#include <tarn/optim/hessian_spectrum.h>
#include <tarn/optim/sgd.h>
#include <tarn/tensor/error.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"
#include "objectives.h"

namespace tarn::optim {
namespace {

using testing::fails_with;
using testing::leaf;
using testing::quadratic;
using testing::quadratic_form;
using testing::random;
using testing::same_bits;
using testing::SmallNetwork;

std::vector<double> values(const std::vector<Eigenpair>& pairs) {
  std::vector<double> result;
  for (const Eigenpair& pair : pairs) result.push_back(pair.value);
  return result;
}

void expect_near(const std::vector<double>& actual, const std::vector<double>& expected,
                 double tolerance) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) EXPECT_NEAR(actual[i], expected[i], tolerance);
}

TEST(HessianEigenvalues, FindsTheSpectrumOfAQuadratic) {
  const std::vector<double> h{3, -2, 0.5, 7, 1, -4, 0};
  const Objective objective = quadratic(leaf(std::vector<double>(7, 0.3)), h, random({40, 7}, 1));
  expect_near(values(hessian_eigenvalues(objective, {.count = 7})), {7, 3, 1, 0.5, 0, -2, -4},
              1e-12);
  expect_near(values(hessian_eigenvalues(objective, {.count = 2})), {7, 3}, 1e-6);
  expect_near(values(hessian_eigenvalues(objective, {.count = 2, .smallest = true})), {-4, -2},
              1e-6);
}

TEST(HessianEigenvalues, GivesEigenvectorsWithTheirResiduals) {
  // A = Q diag(9, 4, 1, ...) Q^T, by two reflections.
  const std::int64_t n = 12;
  Tensor a = zeros({n, n}, {.dtype = kFloat64});
  for (std::int64_t i = 0; i < n; ++i) a[i][i].fill_(9.0 / static_cast<double>((i + 1) * (i + 1)));
  for (const std::uint64_t seed : {1, 2}) {
    const Tensor v = random({n, 1}, seed);
    const Tensor reflection =
        sub(eye(n, {.dtype = kFloat64}), mul(matmul(v, v.t()), 2 / sum(square(v)).item()));
    a = matmul(matmul(reflection, a), reflection);
  }
  const Objective objective = quadratic_form(leaf(std::vector<double>(12, 0)), a);
  const auto pairs = hessian_eigenvalues(objective, {.count = 3, .tolerance = 1e-9});
  expect_near(values(pairs), {9, 9.0 / 4, 1}, 1e-8);
  for (const Eigenpair& pair : pairs) {
    const Tensor& v = pair.vector[0];
    EXPECT_NEAR(norm(v).item(), 1, 1e-12);
    const double residual = norm(sub(matmul(a, v), mul(v, pair.value))).item();
    EXPECT_LT(residual, 1e-7);
    EXPECT_NEAR(residual, pair.residual, 1e-8);
  }
}

TEST(HessianEigenvalues, FindsEigenvaluesThatOccurSeveralTimes) {
  const Tensor x = leaf({0, 0, 0, 0, 0});
  const Tensor centers = random({3, 5}, 1);
  expect_near(values(hessian_eigenvalues(quadratic(x, {5, 1, 5, 2, 1}, centers), {.count = 3})),
              {5, 5, 2}, 1e-9);
  expect_near(values(hessian_eigenvalues(quadratic(x, {2, 2, 2, 2, 2}, centers), {.count = 4})),
              {2, 2, 2, 2}, 1e-9);
  expect_near(values(hessian_eigenvalues(quadratic(x, {0, 0, 0, 0, 0}, centers), {.count = 2})),
              {0, 0}, 1e-12);
}

TEST(HessianEigenvalues, IsRightInFloat32AndForANetwork) {
  std::vector<double> h;
  for (int i = 0; i < 60; ++i) h.push_back(100.0 / (1 + i));
  const Tensor x = leaf(std::vector<double>(60, 0.5)).detach().to(kFloat32).requires_grad_();
  const Objective objective = quadratic(x, h, random({10, 60}, 1, kFloat32));
  EXPECT_NEAR(hessian_eigenvalues(objective)[0].value, 100, 100 * 1e-4);

  // The Rayleigh quotient of the vector found, and of no random one, is the value.
  const SmallNetwork net(50);
  const Eigenpair top = hessian_eigenvalues(net.objective, {.tolerance = 1e-9})[0];
  const auto quotient = [&](const std::vector<Tensor>& v) {
    const auto hv = hessian_vector_product(net.objective, v);
    double vhv = 0;
    double vv = 0;
    for (std::size_t i = 0; i < v.size(); ++i) {
      vhv += sum(mul(v[i], hv[i])).item();
      vv += sum(square(v[i])).item();
    }
    return vhv / vv;
  };
  EXPECT_NEAR(quotient(top.vector), top.value, 1e-9 * top.value);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    std::vector<Tensor> v;
    for (const Tensor& p : net.objective.params()) v.push_back(random(p.shape(), 10 * seed + 1));
    EXPECT_LT(quotient(v), top.value);
  }
}

TEST(HessianEigenvalues, TellsWhereGradientDescentIsStable) {
  const std::vector<double> h{0.2, 1, 8};
  const Tensor centers = zeros({1, 3}, {.dtype = kFloat64});
  const double largest =
      hessian_eigenvalues(quadratic(leaf({1, 1, 1}), h, centers), {.tolerance = 1e-12})[0].value;
  const auto norm_after = [&](double lr) {
    const Tensor x = leaf({1, 1, 1});
    const Objective objective = quadratic(x, h, centers);
    SGD sgd({x}, {.lr = lr});
    for (int t = 0; t < 2000; ++t) {
      x.set_grad(full_gradient(objective).gradient[0]);
      sgd.step();
    }
    return norm(x.detach()).item();
  };
  EXPECT_LT(norm_after(1.99 / largest), 1e-4);
  EXPECT_GT(norm_after(2.01 / largest), 1e4);
}

TEST(HessianEigenvalues, IsAFunctionOfTheSeedAndLeavesNoTrace) {
  const SmallNetwork net(40, kFloat32);
  const Tensor before = net.objective.params()[0].detach().clone();
  const auto one = hessian_eigenvalues(net.objective, {.count = 2, .seed = 3});
  const auto other = hessian_eigenvalues(net.objective, {.count = 2, .seed = 3, .chunk_size = 5});
  EXPECT_EQ(values(one), values(other));
  EXPECT_TRUE(same_bits(one[1].vector[0], other[1].vector[0]));
  EXPECT_TRUE(same_bits(net.objective.params()[0].detach(), before));
  EXPECT_FALSE(net.objective.params()[0].grad().defined());
}

TEST(HessianEigenvalues, StopsAtItsIterationsAndRefusesBadOptions) {
  std::vector<double> h;
  for (int i = 0; i < 50; ++i) h.push_back(1 + 0.01 * i);
  const Objective objective =
      quadratic(leaf(std::vector<double>(50, 0)), h, zeros({1, 50}, {.dtype = kFloat64}));
  const Eigenpair rough = hessian_eigenvalues(objective, {.max_iterations = 3})[0];
  EXPECT_GT(rough.residual, 1e-3);
  EXPECT_LT(rough.value, 1.49);
  const auto error = [&](const HessianEigenvaluesOptions& options, std::string_view text) {
    EXPECT_TRUE(fails_with<ValueError>([&] { hessian_eigenvalues(objective, options); }, text));
  };
  error({.count = 0}, "hessian_eigenvalues: count = 0");
  error({.count = 51}, "hessian_eigenvalues: count = 51: expected 1..50");
  error({.count = 5, .max_iterations = 4}, "hessian_eigenvalues: max_iterations = 4");
  error({.tolerance = 0}, "hessian_eigenvalues: tolerance = 0");
  error({.chunk_size = 0}, "Objective: chunk_size = 0");
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(fails_with<ValueError>(
      [&] {
        hessian_eigenvalues(quadratic(leaf({1}), {infinity}, zeros({1, 1}, {.dtype = kFloat64})));
      },
      "hessian_eigenvalues: the Hessian times a vector is not finite"));
}

TEST(HessianTrace, IsExactForADiagonalHessian) {
  const Objective objective = quadratic(leaf({1, 2, 3}), {1, 2.5, -1}, random({9, 3}, 1));
  const Estimate trace = hessian_trace(objective, {.samples = 2});
  EXPECT_NEAR(trace.value, 2.5, 1e-13);
  EXPECT_NEAR(trace.standard_error, 0, 1e-13);
}

TEST(HessianTrace, IsWithinItsStandardErrorAndThatIsHutchinsons) {
  const std::int64_t n = 30;
  const Tensor b = random({n, n}, 4);
  const Tensor a = add(b, b.t());
  const Objective objective = quadratic_form(leaf(std::vector<double>(30, 0.1)), a);
  double trace = 0;
  double off_diagonal = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      const double value = a[i][j].item();
      i == j ? trace += value : off_diagonal += value * value;
    }
  }
  const Estimate estimate = hessian_trace(objective, {.samples = 400, .seed = 2});
  EXPECT_LT(std::abs(estimate.value - trace), 3 * estimate.standard_error);
  EXPECT_NEAR(estimate.standard_error, std::sqrt(2 * off_diagonal / 400),
              0.15 * estimate.standard_error);
  EXPECT_EQ(hessian_trace(objective, {.samples = 5, .seed = 2}).value,
            hessian_trace(objective, {.samples = 5, .seed = 2}).value);
  EXPECT_NE(hessian_trace(objective, {.samples = 5, .seed = 2}).value,
            hessian_trace(objective, {.samples = 5, .seed = 3}).value);
  EXPECT_TRUE(fails_with<ValueError>([&] { hessian_trace(objective, {.samples = 1}); },
                                     "hessian_trace: samples = 1: expected a value >= 2"));
}

}  // namespace
}  // namespace tarn::optim
