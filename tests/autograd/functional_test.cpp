#include <gtest/gtest.h>

#include <tarn/autograd/functional.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/ops.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/random.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"
#include "operands.h"

// Against closed forms: a quadratic form x^T A x / 2 + b x and the softmax.
namespace tarn::testing {
namespace {

constexpr Tolerance kClose{.rtol = 1e-12, .atol = 1e-14};

Tensor random(const Shape& shape, std::uint64_t seed) {
  Generator generator(seed);
  return randn(shape, generator, {.dtype = kFloat64});
}

const Tensor& a() {
  static const Tensor matrix = random({4, 4}, 1);
  return matrix;
}

Tensor quadratic(const Tensor& x) { return (x * matmul(a(), x)).sum() * 0.5; }

Tensor symmetric() { return (a() + a().t()) * 0.5; }

TEST(Functional, JacobianOfALinearMapIsItsMatrix) {
  const Tensor m = random({3, 4}, 2);
  const Tensor j = jacobian([&](const Tensor& x) { return matmul(m, x); }, random({4}, 3));
  EXPECT_TRUE(is_close(j, m, kClose));
  EXPECT_FALSE(j.requires_grad());
}

TEST(Functional, JacobianOfTheSoftmax) {
  const Tensor x = random({5}, 4);
  const Tensor p = softmax(x, 0);
  const Tensor expected = eye(5, {.dtype = kFloat64}) * p - unsqueeze(p, 1) * p;
  const auto function = [](const Tensor& input) { return softmax(input, 0); };
  EXPECT_TRUE(is_close(jacobian(function, x), expected, kClose));
  const Tensor v = random({5}, 5);
  EXPECT_TRUE(is_close(vjp(function, x, v).second, matmul(v, expected), kClose));
  EXPECT_TRUE(same_bits(vjp(function, x, v).first, p));
}

TEST(Functional, JacobianHasTheShapesOfOutputAndInput) {
  const auto function = [](const Tensor& x) { return x.sum({0}) * 2; };
  const Tensor j = jacobian(function, random({2, 3}, 6));
  ASSERT_EQ(j.sizes(), Shape({3, 2, 3}));
  for (std::int64_t k = 0; k < 3; ++k) {
    for (std::int64_t i = 0; i < 3; ++i) EXPECT_EQ(j[k][1][i].item(), k == i ? 2 : 0);
  }
  EXPECT_EQ(jacobian(function, zeros({2, 0}, {.dtype = kFloat64})).sizes(), Shape({0, 2, 0}));
  EXPECT_EQ(jacobian([](const Tensor& x) { return x.sum(); }, random({2}, 6)).sizes(), Shape({2}));
}

TEST(Functional, JacobianWithRespectToSeveralInputs) {
  const Tensor x = random({3}, 7);
  const Tensor y = random({3}, 8);
  const auto function = [](const std::vector<Tensor>& in) { return in[0] * in[1]; };
  const auto j = jacobian(function, {x, y});
  const Tensor identity = eye(3, {.dtype = kFloat64});
  EXPECT_TRUE(is_close(j[0], identity * y, kClose));
  EXPECT_TRUE(is_close(j[1], identity * x, kClose));
}

TEST(Functional, HessianOfAQuadraticFormIsItsMatrix) {
  EXPECT_TRUE(is_close(hessian(quadratic, random({4}, 9)), symmetric(), kClose));
}

TEST(Functional, HessianOfSeveralInputsInBlocks) {
  const Tensor x = random({2}, 10);
  const Tensor y = random({3}, 11);
  // sum(x)^2 * sum(y^2)
  const auto function = [](const std::vector<Tensor>& in) {
    return square(in[0].sum()) * square(in[1]).sum();
  };
  const auto h = hessian(function, {x, y});
  const double sx = x.sum().item();
  const double yy = square(y).sum().item();
  EXPECT_TRUE(is_close(h[0][0], full({2, 2}, 2 * yy, {.dtype = kFloat64}), kClose));
  EXPECT_TRUE(is_close(h[1][1], eye(3, {.dtype = kFloat64}) * (2 * sx * sx), kClose));
  const Tensor mixed = ones({2, 1}, {.dtype = kFloat64}) * y * (4 * sx);
  EXPECT_TRUE(is_close(h[0][1], mixed, kClose));
  EXPECT_TRUE(is_close(h[1][0], mixed.t(), kClose));
}

TEST(Functional, HessianProductsOfAQuadraticForm) {
  const Tensor x = random({4}, 12);
  const Tensor v = random({4}, 13);
  const auto [value, product] = hvp(quadratic, x, v);
  EXPECT_TRUE(is_close(value, quadratic(x), kClose));
  EXPECT_TRUE(is_close(product, matmul(symmetric(), v), kClose));
  const auto several = [](const std::vector<Tensor>& in) { return quadratic(in[0]) + in[1].sum(); };
  const auto products = hvp(several, {x, v}, {v, v}).second;
  EXPECT_TRUE(is_close(products[0], matmul(symmetric(), v), kClose));
  EXPECT_TRUE(same_bits(products[1], zeros({4}, {.dtype = kFloat64})));
}

TEST(Functional, IsZeroWhereTheOutputDoesNotDepend) {
  const Tensor x = random({3}, 14);
  const auto fixed = [&](const Tensor&) { return ones({2}, {.dtype = kFloat64}); };
  EXPECT_TRUE(same_bits(jacobian(fixed, x), zeros({2, 3}, {.dtype = kFloat64})));
  const auto linear_one = [](const Tensor& in) { return in.sum(); };
  EXPECT_TRUE(same_bits(hessian(linear_one, x), zeros({3, 3}, {.dtype = kFloat64})));
  EXPECT_TRUE(same_bits(hvp(linear_one, x, x).second, zeros({3}, {.dtype = kFloat64})));
}

TEST(Functional, OfTheIdentity) {
  const Tensor x = random({2}, 15);
  EXPECT_TRUE(
      same_bits(jacobian([](const Tensor& in) { return in; }, x), eye(2, {.dtype = kFloat64})));
}

TEST(Functional, CreatesAGraphOnRequest) {
  const Tensor x = variable({1, 2});
  const auto cubes = [](const Tensor& in) { return (in * in * in).sum(); };
  const Tensor product =
      hvp(cubes, x, ones({2}, {.dtype = kFloat64}), {.create_graph = true}).second;  // 6 x
  product.sum().backward();
  EXPECT_TRUE(is_close(x.grad(), constant({6, 6}), kClose));
}

TEST(Functional, ChangesNoGradAndNoInput) {
  const Tensor x = variable({1, 2});
  const auto function = [](const Tensor& in) { return square(in).sum(); };
  const NoGradGuard no_grad;  // what is recorded inside is the function's own affair
  EXPECT_TRUE(is_close(hessian(function, x), eye(2, {.dtype = kFloat64}) * 2, kClose));
  EXPECT_FALSE(x.grad().defined());
  EXPECT_TRUE(x.requires_grad());
}

TEST(Functional, RefusesWrongArguments) {
  const Tensor x = random({3}, 16);
  const auto twice = [](const Tensor& in) { return in * 2; };
  EXPECT_TRUE(
      fails_with<ShapeError>([&] { vjp(twice, x, random({2}, 1)); }, "vjp: v[0]", {"[2]", "[3]"}));
  EXPECT_TRUE(fails_with<DTypeError>([&] { vjp(twice, x, ones({3})); }, "vjp: v[0]",
                                     {"float32", "float64"}));
  EXPECT_TRUE(fails_with<ShapeError>([&] { hessian(twice, x); }, "hessian: func returned shape [3]",
                                     {"one element"}));
  EXPECT_TRUE(
      fails_with<DTypeError>([&] { jacobian(twice, arange(3)); }, "jacobian: inputs[0] is int64"));
  const auto several = [](const std::vector<Tensor>& in) { return in[0].sum(); };
  EXPECT_TRUE(fails_with<ValueError>([&] { hvp(several, {x, x}, {x}); }, "hvp: v has 1 tensors"));
}

}  // namespace
}  // namespace tarn::testing
