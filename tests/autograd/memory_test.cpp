#include <atomic>
#include <cstdlib>

#include <gtest/gtest.h>

#include <tarn/autograd/backward.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/ops.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/parallel.h>
#include <tarn/tensor/pool.h>
#include <tarn/tensor/random.h>

#include "operands.h"

// Sanitizers bring their own allocator; there the leaks that these tests look for are found by the
// LeakSanitizer.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TARN_TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TARN_TEST_SANITIZED 1
#endif
#endif

#ifndef TARN_TEST_SANITIZED

// Every way to the C library's heap in this program, counted while `counting` is on. operator new
// goes through malloc.
namespace {
std::atomic<bool> counting{false};
std::atomic<long> heap_calls{0};

void count() {
  if (counting.load(std::memory_order_relaxed)) heap_calls.fetch_add(1, std::memory_order_relaxed);
}
}  // namespace

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

void* malloc(std::size_t bytes) {
  count();
  return __libc_malloc(bytes);
}
void* calloc(std::size_t count_of, std::size_t bytes) {
  count();
  return __libc_calloc(count_of, bytes);
}
void* realloc(void* block, std::size_t bytes) {
  count();
  return __libc_realloc(block, bytes);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
  count();
  return __libc_memalign(alignment, bytes);
}
int posix_memalign(void** block, std::size_t alignment, std::size_t bytes) {
  count();
  *block = __libc_memalign(alignment, bytes);
  return *block ? 0 : 12;
}
}

#endif

namespace tarn::testing {
namespace {

// Two layers, a loss, an update by hand: what a training step does.
struct Model {
  Tensor w1 = randn({32, 20}, {.requires_grad = true});
  Tensor b1 = zeros({32}, {.requires_grad = true});
  Tensor w2 = randn({5, 32}, {.requires_grad = true});
  Tensor b2 = zeros({5}, {.requires_grad = true});

  Tensor loss(const Tensor& x, const Tensor& y) const {
    const Tensor h = dropout(relu(linear(x, w1, b1)), 0.1);
    const Tensor logits = linear(tanh(h) + sigmoid(h) * 0.5, w2, b2);
    return cross_entropy(logits, y) + mean(square(w1)) * 1e-3;
  }

  void step(const Tensor& x, const Tensor& y) const {
    for (const Tensor& p : {w1, b1, w2, b2}) p.set_grad({});
    loss(x, y).backward();
    const NoGradGuard no_grad;
    for (const Tensor& p : {w1, b1, w2, b2}) p.sub_(p.grad(), 0.01);
  }
};

#ifndef TARN_TEST_SANITIZED

TEST(SteadyState, ATrainingStepAllocatesNothing) {
  const Model model;
  const Tensor x = randn({16, 20});
  const Tensor y = randint(0, 5, {16});
  for (int i = 0; i < 3; ++i) model.step(x, y);
  const std::uint64_t before = memory_stats().system_allocations;
  heap_calls = 0;
  counting = true;
  for (int i = 0; i < 100; ++i) model.step(x, y);
  counting = false;
  EXPECT_EQ(memory_stats().system_allocations, before);
  EXPECT_EQ(heap_calls.load(), 0) << "calls of malloc and its relatives in 100 steps";
}

TEST(SteadyState, TheCounterOfHeapCallsWorks) {
  heap_calls = 0;
  counting = true;
  void* volatile object = ::operator new(10);  // volatile: unused blocks may be optimized away
  ::operator delete(object);
  void* volatile block = std::malloc(10);
  std::free(block);
  counting = false;
  EXPECT_EQ(heap_calls.load(), 2);
}

TEST(SteadyState, LargeTensorsOnSeveralThreadsAreReusedToo) {
  const int threads = get_num_threads();
  set_num_threads(2);
  const Tensor a = randn({300, 400}, {.requires_grad = true});
  const Tensor b = randn({400, 200}, {.requires_grad = true});
  const auto step = [&] {
    a.set_grad({});
    b.set_grad({});
    sum(relu(matmul(a, b))).backward();
  };
  for (int i = 0; i < 5; ++i) step();
  const std::uint64_t before = memory_stats().system_allocations;
  for (int i = 0; i < 20; ++i) step();
  EXPECT_EQ(memory_stats().system_allocations, before);
  set_num_threads(threads);
}

// Bytes that tensors and nodes hold: everything else has been given back.
std::uint64_t bytes_in_use() {
  empty_cache();
  return memory_stats().bytes_reserved;
}

class NoLeak : public ::testing::Test {
 protected:
  void SetUp() override { before_ = bytes_in_use(); }
  void TearDown() override { EXPECT_EQ(bytes_in_use(), before_) << "bytes in use afterwards"; }

 private:
  const SerialGuard serial_;  // blocks in the caches of other threads would count as in use
  std::uint64_t before_ = 0;
};

#else

using NoLeak = ::testing::Test;

#endif

TEST_F(NoLeak, OfAGraphDroppedWithoutBackward) {
  const Model model;
  const Tensor loss = model.loss(randn({8, 20}), randint(0, 5, {8}));
  EXPECT_TRUE(loss.requires_grad());
}

TEST_F(NoLeak, OfAGraphAfterBackward) {
  const Model model;
  model.step(randn({8, 20}), randint(0, 5, {8}));
  EXPECT_TRUE(model.w1.grad().defined());
}

TEST_F(NoLeak, OfOpsThatSaveTheirOwnOutput) {
  const Tensor x = randn({10}, {.requires_grad = true});
  const Tensor y = softmax(tanh(exp(sigmoid(sqrt(square(x) + 1)))), 0);
  EXPECT_TRUE(y.requires_grad());
}

TEST_F(NoLeak, OfAGraphOfAGraph) {
  const Tensor x = randn({10}, {.requires_grad = true});
  const Tensor first = grad({sum(exp(x) * tanh(x))}, {x}, {.create_graph = true})[0];
  const Tensor second = grad({sum(first)}, {x}, {.create_graph = true})[0];
  EXPECT_TRUE(second.requires_grad());
}

TEST_F(NoLeak, OfGradModeErrors) {
  const Tensor x = randn({10}, {.requires_grad = true});
  const Tensor y = exp(x);
  const Tensor loss = sum(y * y);
  {
    const NoGradGuard no_grad;
    y.mul_(2);
  }
  EXPECT_ANY_THROW(loss.backward());
}

TEST_F(NoLeak, OfALeafThatIsGoneBeforeItsGraph) {
  Tensor y;
  {
    const Tensor x = randn({10}, {.requires_grad = true});
    y = sum(exp(x));
  }
  y.backward();
}

TEST_F(NoLeak, OfRecordedInPlaceOps) {
  const Tensor x = randn({10}, {.requires_grad = true});
  const Tensor y = x * 2;
  for (int i = 0; i < 10; ++i) y.mul_(y).add_(x).copy_(tanh(y));
  sum(y).backward();
}

TEST_F(NoLeak, OfHooksAndRetainedGradients) {
  const Tensor x = randn({10}, {.requires_grad = true});
  const Tensor y = exp(x);
  y.retain_grad();
  // A hook may own what its tensor was made from, and the tensor's values, but not the tensor.
  y.register_hook([x, values = y.detach()](const Tensor& g) { return g * values; });
  x.register_post_accumulate_grad_hook([](const Tensor&) {});
  sum(y).backward();
  EXPECT_TRUE(y.grad().defined());
}

TEST_F(NoLeak, OfARemovedHookThatOwnsItsTensor) {
  const Tensor x = randn({1000}, {.requires_grad = true});
  RemovableHandle handle = x.register_hook([x](const Tensor&) {});
  sum(x * x).backward();
  handle.remove();
}

TEST(Memory, BackwardFreesWhatTheGraphHasSaved) {
  // A node's saved tensors go as soon as it has run, though the handle of the result lives on.
  const SerialGuard serial;
  const std::int64_t n = 1 << 20;
  const Tensor x = randn({n}, {.requires_grad = true});
  const Tensor y = sum(square(exp(x * 1.0)));
  empty_cache();
  const std::uint64_t with_graph = memory_stats().bytes_reserved;
  y.backward();
  x.set_grad({});
  empty_cache();
  const std::uint64_t saved = with_graph - memory_stats().bytes_reserved;
  EXPECT_GE(saved, static_cast<std::uint64_t>(n) * sizeof(float))
      << "of the result of exp, needed by square";
}

TEST_F(NoLeak, AViewThatAnOpSavedDoesNotKeepItsBaseAlive) {
  // The base's history leads to the op that saved one of its views.
  const Tensor w = variable({1, 2});
  const Tensor base = constant({1, 1});
  const Tensor part = base.slice(0, 0, 1);
  base.slice(0, 1, 2).copy_(part * w.slice(0, 0, 1));
  EXPECT_TRUE(base.requires_grad());
}

}  // namespace
}  // namespace tarn::testing
