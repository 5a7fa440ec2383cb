#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/autograd/backward.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/ops.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/parallel.h>
#include <tarn/tensor/random.h>

#include "../tensor/closeness.h"

namespace tarn::testing {
namespace {

// The gradients of a small network for one seed.
std::vector<Tensor> train(std::uint64_t seed) {
  Generator generator(seed);
  const Tensor w1 = randn({64, 30}, generator, {.requires_grad = true});
  const Tensor w2 = randn({10, 64}, generator, {.requires_grad = true});
  for (int i = 0; i < 20; ++i) {
    const Tensor x = randn({16, 30}, generator);
    const Tensor y = randint(0, 10, {16}, generator);
    cross_entropy(linear(relu(linear(x, w1)), w2), y).backward();
    const NoGradGuard no_grad;
    for (const Tensor& w : {w1, w2}) w.sub_(w.grad(), 0.01);
  }
  return {w1.grad(), w2.grad()};
}

TEST(Threads, BackwardOnSeparateGraphsAtTheSameTime) {
  std::vector<std::vector<Tensor>> expected;
  for (std::uint64_t seed = 0; seed < 4; ++seed) expected.push_back(train(seed));
  std::vector<std::vector<Tensor>> actual(4);
  std::vector<std::thread> threads;
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    threads.emplace_back([seed, &actual] { actual[seed] = train(seed); });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t seed = 0; seed < 4; ++seed) {
    for (std::size_t i = 0; i < 2; ++i)
      EXPECT_TRUE(same_bits(actual[seed][i], expected[seed][i])) << "seed " << seed;
  }
}

TEST(Threads, BackwardThroughASharedPartRunsOneAfterTheOther) {
  const Tensor x = tensor({2.0}, {.dtype = kFloat64, .requires_grad = true});
  const Tensor shared = exp(x * 1.0);
  std::vector<Tensor> losses;
  for (int i = 0; i < 8; ++i) losses.push_back(sum(shared * 1.0));
  std::vector<std::thread> threads;
  for (const Tensor& loss : losses) {
    threads.emplace_back([&loss] { loss.backward({.retain_graph = true}); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_DOUBLE_EQ(x.grad().item(), 8 * std::exp(2.0));
}

TEST(Threads, AGraphMayBeFreedByAnotherThread) {
  for (int i = 0; i < 50; ++i) {
    Tensor y = randn({10}, {.requires_grad = true});
    for (int k = 0; k < 100; ++k) y = tanh(y);
    std::thread([graph = std::move(y)]() mutable { graph = {}; }).join();
  }
}

TEST(Threads, TensorsAreSharedForReading) {
  const Tensor x = randn({1000});
  const Tensor expected = sum(square(x));
  std::vector<std::thread> threads;
  std::vector<Tensor> results(4);
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) results[t] = sum(square(x));
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Tensor& result : results) EXPECT_TRUE(same_bits(result, expected));
}

}  // namespace
}  // namespace tarn::testing
