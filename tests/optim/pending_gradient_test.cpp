#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/autograd/grad_mode.h>
#include <tarn/nn/linear.h>
#include <tarn/optim/adagrad.h>
#include <tarn/optim/adam.h>
#include <tarn/optim/adamw.h>
#include <tarn/optim/rmsprop.h>
#include <tarn/optim/sgd.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/parallel.h>
#include <tarn/tensor/random.h>

#include "../tensor/closeness.h"
#include "leaves.h"

// With few examples the gradient of a linear layer's weight stays a product of two small matrices
// until somebody looks at it. Nobody may notice.
namespace tarn::optim {
namespace {

using testing::same_bits;

constexpr std::int64_t kIn = 83;
constexpr std::int64_t kOut = 37;

bool is_pending(const Tensor& x) { return x.grad().impl().pending() != nullptr; }

Tensor weight(DType dtype = kFloat32) {
  Generator generator(7);
  const Tensor w = nn::Linear(kIn, kOut).weight.detach();  // as layers have it in memory
  w.copy_(randn({kOut, kIn}, generator));
  return w.to(dtype).requires_grad_();
}

Tensor input(std::int64_t rows, DType dtype = kFloat32, std::uint64_t seed = 1) {
  Generator generator(seed);
  return randn({rows, kIn}, generator, {.dtype = dtype});
}

// The gradient of the sum of squares, written out.
Tensor expected_gradient(const Tensor& x, const Tensor& w) {
  const NoGradGuard no_grad;
  return matmul(x.t(), linear(x, w, {}) * 2).t();
}

void backward(const Tensor& x, const Tensor& w) { linear(x, w, {}).square().sum().backward(); }

class Rows : public ::testing::TestWithParam<std::tuple<std::int64_t, DType>> {};

TEST_P(Rows, HaveTheGradientOfAProduct) {
  const auto [rows, dtype] = GetParam();
  const Tensor w = weight(dtype);
  const Tensor x = input(rows, dtype);
  backward(x, w);
  EXPECT_EQ(is_pending(w), rows < 7) << "its factors have 120 elements per row, it has 3071";
  EXPECT_EQ(w.grad().sizes(), w.sizes());
  EXPECT_EQ(w.grad().strides(), w.strides());
  EXPECT_TRUE(same_bits(w.grad(), expected_gradient(x, w)));
  EXPECT_FALSE(is_pending(w));
}

INSTANTIATE_TEST_SUITE_P(PendingGradient, Rows,
                         ::testing::Combine(::testing::Values(0, 1, 2, 3, 6, 7, 20),
                                            ::testing::Values(kFloat32, kFloat64)));

using MakeOptimizer = std::function<std::unique_ptr<Optimizer>(const Tensor&)>;

const std::vector<std::pair<const char*, MakeOptimizer>>& optimizers() {
  static const std::vector<std::pair<const char*, MakeOptimizer>> all = {
      {"SGD",
       [](const Tensor& w) {
         return std::make_unique<SGD>(std::vector{w}, SGDOptions{.lr = 0.01});
       }},
      {"SGD, decay and maximize",
       [](const Tensor& w) {
         return std::make_unique<SGD>(
             std::vector{w}, SGDOptions{.lr = 0.01, .weight_decay = 0.1, .maximize = true});
       }},
      {"SGD, Nesterov",
       [](const Tensor& w) {
         return std::make_unique<SGD>(std::vector{w},
                                      SGDOptions{.lr = 0.01, .momentum = 0.9, .nesterov = true});
       }},
      {"Adam",
       [](const Tensor& w) { return std::make_unique<Adam>(std::vector{w}, AdamOptions{}); }},
      {"AdamW",
       [](const Tensor& w) { return std::make_unique<AdamW>(std::vector{w}, AdamWOptions{}); }},
      {"RMSprop",
       [](const Tensor& w) { return std::make_unique<RMSprop>(std::vector{w}, RMSpropOptions{}); }},
      {"Adagrad",
       [](const Tensor& w) { return std::make_unique<Adagrad>(std::vector{w}, AdagradOptions{}); }},
  };
  return all;
}

TEST(PendingGradient, MovesAWeightAsOneThatWasLookedAt) {
  for (const auto& [name, make] : optimizers()) {
    for (const DType dtype : {kFloat32, kFloat64}) {
      for (const std::int64_t rows : {1, 2, 5}) {
        const Tensor seen = weight(dtype);
        const Tensor unseen = weight(dtype);
        const auto a = make(seen);
        const auto b = make(unseen);
        for (std::uint64_t step = 0; step < 4; ++step) {
          const Tensor x = input(rows, dtype, step);
          a->zero_grad();
          b->zero_grad();
          backward(x, seen);
          backward(x, unseen);
          seen.grad().sum();
          ASSERT_FALSE(is_pending(seen));
          a->step();
          b->step();
          EXPECT_TRUE(is_pending(unseen)) << name << ": the step wrote the whole gradient down";
          ASSERT_TRUE(same_bits(seen, unseen)) << name << ", " << rows << " rows, step " << step;
        }
        EXPECT_TRUE(same_bits(seen.grad(), unseen.grad())) << name;
      }
    }
  }
}

TEST(PendingGradient, MovesAWeightAlikeForAnyNumberOfThreads) {
  const int before = get_num_threads();
  for (const std::int64_t rows : {1, 30, 150}) {
    Generator generator(3);
    const Tensor x = randn({rows, 1500}, generator);
    const Tensor start = nn::Linear(1500, 1210).weight.detach();
    Tensor expected;
    for (const int threads : {1, 2, 3, 8}) {
      set_num_threads(threads);
      const Tensor w = start.clone().requires_grad_();
      SGD sgd({w}, {.lr = 0.01, .momentum = 0.9});
      for (int step = 0; step < 2; ++step) {
        sgd.zero_grad();
        backward(x, w);
        EXPECT_TRUE(is_pending(w));
        sgd.step();
      }
      if (threads == 1) expected = w.detach();
      EXPECT_TRUE(same_bits(w, expected)) << rows << " rows, " << threads << " threads";
    }
  }
  set_num_threads(before);
}

// Zeros of both signs, and what is not a number, come out of one product as out of a sum.
TEST(PendingGradient, HasTheZerosOfTheSum) {
  const Tensor seen = weight();
  const Tensor unseen = weight();
  const Tensor x = input(1);
  for (const auto& [column, value] : {std::pair{0, 0.0}, {1, -0.0}, {2, 1e-30}, {3, 1e38}})
    x.select(1, column).fill_(value);
  for (const Tensor& w : {seen, unseen}) backward(x, w);
  seen.grad().sum();
  for (const Tensor& w : {seen, unseen}) {
    const NoGradGuard no_grad;
    w.zero_();
    SGD({w}, {.lr = 0.5}).step();
  }
  EXPECT_TRUE(same_bits(seen, unseen));
}

TEST(PendingGradient, IsThatOfTheInputAtBackward) {
  const Tensor w = weight();
  const Tensor x = input(2);
  const Tensor expected = expected_gradient(x, w);
  const Tensor y = linear(x, w, {});
  y.retain_grad();
  y.square().sum().backward();
  ASSERT_TRUE(is_pending(w));
  x.fill_(100);
  y.grad().fill_(100);
  EXPECT_TRUE(same_bits(w.grad(), expected));
}

TEST(PendingGradient, AddsUpOverPasses) {
  const Tensor w = weight();
  const Tensor first = input(2, kFloat32, 1);
  const Tensor second = input(3, kFloat32, 2);
  const Tensor expected = expected_gradient(first, w) + expected_gradient(second, w);
  backward(first, w);
  backward(second, w);
  EXPECT_TRUE(same_bits(w.grad(), expected));
}

TEST(PendingGradient, AddsUpWithinAPass) {
  const Tensor w = weight();
  const Tensor x = input(1);
  (linear(x, w, {}).square().sum() + linear(x, w, {}).square().sum()).backward();
  EXPECT_TRUE(same_bits(w.grad(), expected_gradient(x, w) + expected_gradient(x, w)));
}

// The weight of a layer may itself be what a layer computes.
TEST(PendingGradient, CanBeAFactorOfAnother) {
  const Tensor w = weight();
  const Tensor x = input(1);
  const Tensor z = input(kOut, kFloat32, 3);
  backward(x, linear(z, w.t().matmul(w), {}));
  const Tensor gradient = w.grad();
  const Tensor again = w.detach().clone().requires_grad_();
  matmul(x, linear(z, again.t().matmul(again), {}).t()).square().sum().backward();
  EXPECT_TRUE(allclose(gradient, again.grad(), 1e-3, 1e-2));
}

TEST(PendingGradient, GoesToHooksAndStaysWhenTheyChangeIt) {
  const Tensor w = weight();
  const Tensor x = input(1);
  const RemovableHandle handle =
      w.register_hook([](const Tensor& gradient) { return gradient * 2; });
  backward(x, w);
  EXPECT_TRUE(same_bits(w.grad(), expected_gradient(x, w) * 2));
}

TEST(PendingGradient, CanBeReadByThreadsAtOnce) {
  const Tensor w = weight();
  const Tensor x = input(2);
  backward(x, w);
  ASSERT_TRUE(is_pending(w));
  std::vector<double> sums(4);
  {
    std::vector<std::jthread> threads;
    for (double& sum : sums) threads.emplace_back([&sum, &w] { sum = w.grad().to_vector()[5]; });
  }
  for (const double sum : sums) EXPECT_EQ(sum, expected_gradient(x, w).to_vector()[5]);
}

TEST(PendingGradient, IsOfTheOrderThatAGraphNeeds) {
  const Tensor w = weight(kFloat64);
  const Tensor x = input(1, kFloat64);
  linear(x, w, {}).pow(3).sum().backward({.create_graph = true});
  EXPECT_FALSE(is_pending(w));
  EXPECT_TRUE(w.grad().requires_grad());
}

}  // namespace
}  // namespace tarn::optim
