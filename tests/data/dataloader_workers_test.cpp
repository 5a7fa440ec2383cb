#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>

#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/data/dataloader.h>
#include <tarn/data/map_dataset.h>
#include <tarn/data/mnist.h>
#include <tarn/data/transforms.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/parallel.h>

#include "numbers.h"

namespace tarn::data {
namespace {

using Bits = std::vector<float>;

// Everything that three epochs of batches hold.
Bits three_epochs(const Dataset& set, DataLoaderOptions options) {
  options.seed = 11;
  DataLoader loader(set, options);
  Bits bits;
  for (int epoch = 0; epoch < 3; ++epoch) {
    for (auto& [x, y] : loader) {
      for (const Tensor& part : {x, y}) {
        const Bits values = part.to_vector<float>();
        bits.insert(bits.end(), values.begin(), values.end());
      }
    }
  }
  return bits;
}

void expect_same_bits(const Dataset& set, const DataLoaderOptions& options) {
  const int before = get_num_threads();
  set_num_threads(1);
  const Bits expected = three_epochs(set, options);
  EXPECT_FALSE(expected.empty());
  for (const int threads : {1, 3}) {
    set_num_threads(threads);
    for (const int workers : {0, 1, 3}) {
      for (const int prefetch_factor : {1, 4}) {
        DataLoaderOptions others = options;
        others.num_workers = workers;
        others.prefetch_factor = prefetch_factor;
        EXPECT_EQ(three_epochs(set, others), expected)
            << workers << " workers, " << threads << " threads, prefetch " << prefetch_factor;
      }
    }
  }
  set_num_threads(before);
}

TEST(Workers, DoNotChangeABit) {
  expect_same_bits(NoisyNumbers(50), {.batch_size = 7});
  expect_same_bits(NoisyNumbers(50),
                   {.batch_size = 1, .sampler = std::make_shared<ReplacementSampler>(40)});
}

TEST(Workers, DoNotChangeABitOfAugmentedImages) {
  const MNIST digits(TARN_SOURCE_DIR "/data/mnist-sample", {.train = false, .flatten = false});
  expect_same_bits(digits, {.batch_size = 200});
  expect_same_bits(map(digits, RandomShift(2, -0.4242)), {.batch_size = 64, .drop_last = true});
}

TEST(Workers, DoNotChangeABitOfBatchesMadeAtOnce) {
  struct NoisyBatches : Numbers {
    using Numbers::Numbers;
    Batch get_batch(std::span<const std::int64_t> indices) const override {
      const auto rows = static_cast<std::int64_t>(indices.size());
      return {rand({rows, 3}), randint(0, 1'000'000'000, {rows})};
    }
  };
  expect_same_bits(NoisyBatches(50), {.batch_size = 7});
}

TEST(Workers, DeliverInOrderWhicheverIsReadyFirst) {
  struct Uneven : Numbers {
    using Numbers::Numbers;
    Example get(std::int64_t index) const override {
      if (index % 4 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
      return Numbers::get(index);
    }
  };
  DataLoader loader(Uneven(60), {.batch_size = 2, .shuffle = false, .num_workers = 3});
  EXPECT_EQ(examples_of(loader), counting(60));
}

// Lets the loop wait until a number of batches has been begun.
struct Counted : Numbers {
  using Numbers::Numbers;
  Batch get_batch(std::span<const std::int64_t> indices) const override {
    {
      const std::lock_guard lock(mutex);
      ++begun;
    }
    changed.notify_all();
    return Numbers::get_batch(indices);
  }
  void wait_for(std::int64_t batches) const {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return begun >= batches; });
  }
  mutable std::mutex mutex;
  mutable std::condition_variable changed;
  mutable std::int64_t begun = 0;
};

TEST(Workers, FetchJustAsFarAheadAsAsked) {
  for (const int workers : {1, 3}) {
    const Counted set(100);
    constexpr int kPrefetchFactor = 2;
    DataLoader loader(set, {.num_workers = workers, .prefetch_factor = kPrefetchFactor});
    std::int64_t taken = 0;
    for ([[maybe_unused]] auto& batch : loader) {
      ++taken;
      const std::int64_t ahead = std::min<std::int64_t>(taken + workers * kPrefetchFactor, 100);
      set.wait_for(ahead);  // hangs if fewer are fetched
      const std::lock_guard lock(set.mutex);
      ASSERT_EQ(set.begun, ahead);
    }
    EXPECT_EQ(taken, 100);
  }
}

std::ptrdiff_t threads_of_this_process() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return std::distance(begin(tasks), end(tasks));
}

TEST(Workers, EndWithTheLoop) {
  const NoisyNumbers set(1000);
  DataLoader loader(set, {.batch_size = 10, .num_workers = 3});
  batches_of<float>(loader);
  const std::ptrdiff_t before = threads_of_this_process();
  for (int round = 0; round < 50; ++round) {
    int batches = 0;
    for ([[maybe_unused]] auto& batch : loader) {
      if (batches++ == round % 7) break;
    }
  }
  auto unused = std::make_unique<DataLoader::Iterator>(loader.begin());
  unused.reset();
  EXPECT_EQ(threads_of_this_process(), before);
  EXPECT_EQ(batches_of<float>(loader).size(), 100U);
}

TEST(Workers, EndWhenTheLoopThrows) {
  const NoisyNumbers set(1000);
  DataLoader loader(set, {.batch_size = 10, .num_workers = 2});
  batches_of<float>(loader);
  const std::ptrdiff_t before = threads_of_this_process();
  EXPECT_THROW(
      {
        for ([[maybe_unused]] auto& batch : loader) throw std::runtime_error("from the loop");
      },
      std::runtime_error);
  EXPECT_EQ(threads_of_this_process(), before);
}

// Batch 1 has an example that only returns once the loop is over, and 10,000 more after it.
TEST(Workers, DoNotFinishABatchThatNobodyWants) {
  struct Slow : Numbers {
    using Numbers::Numbers;
    Example get(std::int64_t index) const override {
      if (index >= 10'000) {
        ++fetched;
        fetched.notify_all();
        leaving.wait(false);
        std::this_thread::sleep_for(std::chrono::microseconds(100));
      }
      return Numbers::get(index);
    }
    mutable std::atomic<int> fetched = 0;
    mutable std::atomic<bool> leaving = false;
  };
  const Slow set(20'000);
  DataLoader loader(set, {.batch_size = 10'000, .shuffle = false, .num_workers = 1});
  {
    auto batch = loader.begin();
    set.fetched.wait(0);
    set.leaving = true;
    set.leaving.notify_all();
  }
  EXPECT_LT(set.fetched, 10'000);
}

TEST(Workers, RunKernelsOnTheirOwnThread) {
  struct Nested : Numbers {
    using Numbers::Numbers;
    Example get(std::int64_t index) const override {
      const std::thread::id worker = std::this_thread::get_id();
      std::atomic<bool> stayed = true;
      parallel_for(0, 8, 1, [&](std::int64_t, std::int64_t) {
        if (std::this_thread::get_id() != worker) stayed = false;
      });
      return {scalar_tensor(std::int64_t{stayed}), scalar_tensor(index)};
    }
  };
  const int before = get_num_threads();
  set_num_threads(3);
  DataLoader loader(Nested(20), {.num_workers = 2});
  EXPECT_EQ(examples_of(loader), std::vector<std::int64_t>(20, 1));
  set_num_threads(before);
}

TEST(Workers, RecordNoGradients) {
  static const Tensor weight = ones({2}, {.requires_grad = true});
  struct Differentiable : Numbers {
    using Numbers::Numbers;
    Example get(std::int64_t) const override { return {weight * 2, weight}; }
    Batch get_batch(std::span<const std::int64_t>) const override {
      return {weight * 2, weight * 3};
    }
  };
  for (const int workers : {0, 2}) {
    DataLoader loader(Differentiable(4), {.num_workers = workers});
    for (auto& [x, y] : loader) EXPECT_FALSE(x.requires_grad() || y.requires_grad());
  }
}

TEST(Workers, MayFeedLoadersInsideOneAnother) {
  const Numbers inner(6);
  struct Outer : Numbers {
    explicit Outer(const Numbers& numbers) : Numbers(8), inner(numbers) {}
    Example get(std::int64_t index) const override {
      DataLoader loader(inner, {.batch_size = 4, .shuffle = false, .num_workers = 2, .seed = 1});
      std::int64_t sum = index;
      for (const std::int64_t i : examples_of(loader)) sum += i;
      return {scalar_tensor(sum), scalar_tensor(index)};
    }
    const Numbers& inner;
  };
  DataLoader loader(Outer(inner), {.batch_size = 3, .shuffle = false, .num_workers = 2});
  EXPECT_EQ(examples_of(loader), (std::vector<std::int64_t>{15, 16, 17, 18, 19, 20, 21, 22}));
}

}  // namespace
}  // namespace tarn::data
