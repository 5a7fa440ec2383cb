#include <cmath>
#include <exception>
#include <vector>

#include <gtest/gtest.h>
#include <pthread.h>

#include <tarn/autograd/backward.h>
#include <tarn/autograd/ops.h>
#include <tarn/tensor/factories.h>

#include "operands.h"

// Graphs whose size or shape would break an engine that recurses, or one that visits a node once
// for every path to it.
namespace tarn::testing {
namespace {

// A sixteenth of the 8 MB that `ulimit -s` gives a main thread: at 40 bytes a call, a recursion
// over a million nodes would need five times the larger stack.
constexpr std::size_t kSmallStack = 512 * 1024;

// Runs `body` in a thread with a small stack and waits for it. An exception in it is thrown again
// here.
template <class F>
void run_with_small_stack(F body) {
  struct Task {
    F body;
    std::exception_ptr failure;
  } task{std::move(body), {}};
  pthread_attr_t attributes;
  ASSERT_EQ(pthread_attr_init(&attributes), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, kSmallStack), 0);
  pthread_t thread{};
  const auto entry = [](void* argument) -> void* {
    auto& running = *static_cast<Task*>(argument);
    try {
      running.body();
    } catch (...) {
      running.failure = std::current_exception();
    }
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, entry, &task), 0);
  pthread_attr_destroy(&attributes);
  ASSERT_EQ(pthread_join(thread, nullptr), 0);
  if (task.failure) std::rethrow_exception(task.failure);
}

TEST(DeepGraph, AMillionOpsBackpropagateAndAreFreedOnASmallStack) {
  run_with_small_stack([] {
    const Tensor x = variable(1);
    Tensor y = x;
    for (int i = 0; i < 1'000'000; ++i) y = y + x;
    y.backward();
    EXPECT_EQ(x.grad().item(), 1'000'001);
    y = {};
  });
}

TEST(DeepGraph, AMillionOpsAreFreedWithoutBackward) {
  run_with_small_stack([] {
    const Tensor x = variable(1);
    Tensor y = x;
    for (int i = 0; i < 1'000'000; ++i) y = -y;
  });
}

TEST(DeepGraph, AMillionSavedTensorsAreFreedWithoutBackward) {
  // Here tensors own nodes and nodes own tensors, in turns.
  run_with_small_stack([] {
    const Tensor x = variable(1);
    Tensor y = x;
    for (int i = 0; i < 1'000'000; ++i) y = square(y);
  });
}

TEST(DeepGraph, AMillionSavedTensorsBackpropagate) {
  run_with_small_stack([] {
    const Tensor x = variable(1);
    Tensor y = x;
    for (int i = 0; i < 1'000'000; ++i) y = y * y;
    y.backward({.retain_graph = true});  // dy/dx = 2^1000000 overflows to infinity on the way
    EXPECT_TRUE(std::isinf(x.grad().item()));
  });
}

TEST(DeepGraph, SecondDerivativesOfADeepChain) {
  run_with_small_stack([] {
    const Tensor x = variable(1);
    Tensor y = x;
    for (int i = 0; i < 50'000; ++i) y = y * 1.0;
    const Tensor first = grad({y * y}, {x}, {.create_graph = true})[0];
    EXPECT_EQ(grad({first}, {x})[0].item(), 2);
  });
}

TEST(DeepGraph, OneTensorUsedAHundredThousandTimes) {
  const Tensor x = variable(3);
  const Tensor h = x * 2.0;
  Tensor total = h;
  for (int i = 1; i < 100'000; ++i) total = total + h;
  total.backward();
  EXPECT_EQ(x.grad().item(), 200'000);
}

TEST(DeepGraph, SkipConnectionsAreVisitedOnceEach) {
  // y_i = y_{i-1} + y_{i-2} has Fibonacci(i) paths: an engine that follows paths would not come to
  // an end.
  const Tensor x = variable(1);
  Tensor before = x;
  Tensor last = x * 1.0;
  for (int i = 0; i < 100'000; ++i) {
    Tensor next = last * 0.5 + before * 0.5;
    before = last;
    last = next;
  }
  last.backward();
  EXPECT_NEAR(x.grad().item(), 1.0, 1e-9);
}

TEST(DeepGraph, EveryLayerConnectedToManyEarlierOnes) {
  const Tensor x = variable(1);
  std::vector<Tensor> layers{x};
  for (int i = 1; i <= 400; ++i) {
    Tensor sum_of_all = layers[0];
    for (std::size_t k = 1; k < layers.size(); ++k) sum_of_all = sum_of_all + layers[k];
    layers.push_back(sum_of_all * (1.0 / i));
  }
  // Each layer is the mean of all earlier ones: all are x.
  layers.back().backward();
  EXPECT_NEAR(x.grad().item(), 1.0, 1e-9);
}

TEST(DeepGraph, DiamondsInARow) {
  const Tensor x = variable(1);
  Tensor y = x;
  for (int i = 0; i < 64; ++i) y = y + y;  // 2^64 paths
  y.backward();
  EXPECT_EQ(x.grad().item(), 0x1p64);
}

TEST(DeepGraph, GradOfADeepChainStopsAtANonLeaf) {
  const Tensor x = variable(1);
  Tensor y = x;
  Tensor middle;
  for (int i = 0; i < 200'000; ++i) {
    y = y + x;
    if (i == 100'000) middle = y;
  }
  EXPECT_EQ(grad({y}, {middle})[0].item(), 1);
}

}  // namespace
}  // namespace tarn::testing
