#include <algorithm>
#include <iterator>
#include <ranges>
#include <set>

#include <gtest/gtest.h>

#include <tarn/data/dataloader.h>
#include <tarn/data/mnist.h>
#include <tarn/data/tensor_dataset.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/pool.h>

#include "allocation_count.h"
#include "numbers.h"
#include "thrown_text.h"

namespace tarn::data {
namespace {

using Examples = std::vector<std::int64_t>;

static_assert(std::input_iterator<DataLoader::Iterator>);
static_assert(std::ranges::input_range<DataLoader&>);

Examples sorted(Examples examples) {
  std::sort(examples.begin(), examples.end());
  return examples;
}

TEST(DataLoader, VisitsEveryExampleOnceInBatchesOfTheAskedSize) {
  for (const std::int64_t count : {1, 2, 7, 64, 100}) {
    const Numbers numbers(count);
    for (const std::int64_t batch_size : {1, 2, 3, 7, 99, 100, 101}) {
      SCOPED_TRACE(::testing::Message() << count << " in batches of " << batch_size);
      DataLoader loader(numbers, {.batch_size = batch_size, .seed = 1});
      Examples seen;
      std::int64_t batches = 0;
      for (auto& [x, y] : loader) {
        ++batches;
        ASSERT_EQ(x.size(0), std::min(batch_size, count - static_cast<std::int64_t>(seen.size())));
        ASSERT_EQ(y.size(0), x.size(0));
        for (const std::int64_t i : x.to_vector<std::int64_t>()) seen.push_back(i);
        ASSERT_EQ(y.to_vector<std::int64_t>().back(), 10 * seen.back());
      }
      EXPECT_EQ(sorted(seen), counting(count));
      EXPECT_EQ(batches, loader.size());
      EXPECT_EQ(loader.dataset_size(), count);
    }
  }
}

TEST(DataLoader, ShufflesAnewEveryEpochUnlessToldOtherwise) {
  const Numbers numbers(100);
  DataLoader loader(numbers, {.batch_size = 8, .seed = 1});
  std::set<Examples> orders;
  for (int epoch = 0; epoch < 20; ++epoch) orders.insert(examples_of(loader));
  EXPECT_EQ(orders.size(), 20U);
  EXPECT_EQ(orders.count(counting(100)), 0U);
}

TEST(DataLoader, KeepsTheOrderWithoutShuffle) {
  const Numbers numbers(10);
  DataLoader loader(numbers, {.batch_size = 4, .shuffle = false});
  for (int epoch = 0; epoch < 3; ++epoch) {
    EXPECT_EQ(batches_of(loader), (std::vector<Examples>{{0, 1, 2, 3}, {4, 5, 6, 7}, {8, 9}}));
  }
}

TEST(DataLoader, DropsTheShortBatchWhenAsked) {
  const Numbers numbers(10);
  DataLoader loader(numbers, {.batch_size = 4, .shuffle = false, .drop_last = true});
  EXPECT_EQ(loader.size(), 2);
  EXPECT_EQ(batches_of(loader), (std::vector<Examples>{{0, 1, 2, 3}, {4, 5, 6, 7}}));
  DataLoader exact(numbers, {.batch_size = 5, .shuffle = false, .drop_last = true});
  EXPECT_EQ(batches_of(exact).size(), 2U);
}

TEST(DataLoader, GoesByASampler) {
  struct Odd : Sampler {
    Examples indices(std::int64_t size, std::uint64_t, std::uint64_t epoch) const override {
      Examples order;
      for (std::int64_t i = 1; i < size; i += 2) order.push_back(i);
      if (epoch % 2 == 1) std::reverse(order.begin(), order.end());
      return order;
    }
    std::int64_t num_samples(std::int64_t size) const override { return size / 2; }
  };
  const Numbers numbers(10);
  DataLoader loader(numbers, {.batch_size = 2, .sampler = std::make_shared<Odd>()});
  EXPECT_EQ(loader.size(), 3);
  EXPECT_EQ(examples_of(loader), (Examples{1, 3, 5, 7, 9}));
  EXPECT_EQ(examples_of(loader), (Examples{9, 7, 5, 3, 1}));
}

TEST(DataLoader, DrawsWithReplacement) {
  const Numbers numbers(10);
  DataLoader loader(
      numbers, {.batch_size = 7, .sampler = std::make_shared<ReplacementSampler>(30), .seed = 1});
  EXPECT_EQ(loader.size(), 5);
  EXPECT_EQ(examples_of(loader).size(), 30U);
}

TEST(DataLoader, KeepsATemporaryDataSet) {
  DataLoader loader(Numbers(5), {.batch_size = 2, .shuffle = false});
  EXPECT_EQ(examples_of(loader), counting(5));
}

TEST(DataLoader, MayBeOutlivedByAnEpoch) {
  auto loader = std::make_unique<DataLoader>(Numbers(5),
                                             DataLoaderOptions{.batch_size = 2, .shuffle = false});
  auto batch = loader->begin();
  loader.reset();
  ++batch;
  EXPECT_EQ(batch->data.to_vector<std::int64_t>(), (Examples{2, 3}));
}

TEST(DataLoader, RefersToANamedDataSet) {
  TensorDataset set(zeros({3, 1}), arange(3));
  DataLoader loader(set, {.batch_size = 3, .shuffle = false});
  set.data().fill_(5);
  EXPECT_EQ(batches_of(loader), (std::vector<Examples>{{5, 5, 5}}));
}

TEST(DataLoader, HandsBatchesOver) {
  TensorDataset set(zeros({4, 1}), arange(4));
  DataLoader loader(set, {.batch_size = 2});
  std::vector<Tensor> kept;
  for (auto& [x, y] : loader) {
    x.add_(static_cast<double>(kept.size()) + 1);
    kept.push_back(x);
  }
  EXPECT_EQ(kept[0].to_vector<int>(), (std::vector<int>{1, 1}));
  EXPECT_EQ(kept[1].to_vector<int>(), (std::vector<int>{2, 2}));
  EXPECT_EQ(set.data().to_vector<int>(), (std::vector<int>{0, 0, 0, 0}));
}

TEST(DataLoader, ChangesTheBatchSizeFromTheNextBatchOn) {
  const Numbers numbers(20);
  for (const int workers : {0, 2}) {
    DataLoader loader(numbers, {.batch_size = 2, .shuffle = false, .num_workers = workers});
    std::vector<std::int64_t> sizes;
    std::vector<std::int64_t> examples;
    for (auto& [x, y] : loader) {
      sizes.push_back(x.size(0));
      for (const std::int64_t i : x.to_vector<std::int64_t>()) examples.push_back(i);
      if (sizes.size() == 2) loader.set_batch_size(7);
      if (sizes.size() == 3) loader.set_batch_size(4);
    }
    EXPECT_EQ(sizes, (Examples{2, 2, 7, 4, 4, 1}));
    EXPECT_EQ(examples, counting(20)) << "each example once, in order";
    sizes.clear();
    for (auto& [x, y] : loader) sizes.push_back(x.size(0));
    EXPECT_EQ(sizes, (Examples{4, 4, 4, 4, 4}));
    EXPECT_EQ(loader.batch_size(), 4);
    EXPECT_EQ(loader.size(), 5);
    EXPECT_EQ(thrown_text<ValueError>([&] { loader.set_batch_size(0); }),
              "DataLoader: batch_size = 0: expected >= 1");
    EXPECT_EQ(loader.batch_size(), 4);
  }
}

TEST(DataLoader, DropsTheShortBatchOfTheSizeThatIsSetLast) {
  DataLoader loader(Numbers(20), {.batch_size = 6, .drop_last = true});
  std::vector<std::int64_t> sizes;
  for (auto& [x, y] : loader) {
    sizes.push_back(x.size(0));
    loader.set_batch_size(5);
  }
  EXPECT_EQ(sizes, (Examples{6, 5, 5}));
  for ([[maybe_unused]] auto& batch : loader) loader.set_batch_size(16);  // more than are left
  sizes.clear();
  for (auto& [x, y] : loader) sizes.push_back(x.size(0));
  EXPECT_EQ(sizes, Examples{16});
}

TEST(DataLoader, ChangesTheBatchSizeBehindABatchThatFailed) {
  struct Failing : Numbers {
    using Numbers::Numbers;
    tarn::data::Example get(std::int64_t index) const override {
      if (index == 3) throw std::runtime_error("broken");
      return Numbers::get(index);
    }
  };
  const Failing set(9);
  DataLoader loader(set, {.batch_size = 2, .shuffle = false});
  auto batch = loader.begin();
  EXPECT_THROW(++batch, WorkerError);
  loader.set_batch_size(3);
  ++batch;
  EXPECT_EQ(batch->data.to_vector<std::int64_t>(), (Examples{4, 5, 6}));
  ++batch;
  EXPECT_EQ(batch->data.to_vector<std::int64_t>(), (Examples{7, 8}));
  ++batch;
  EXPECT_EQ(batch, loader.end());
}

// ---- seeds and epochs ----

TEST(DataLoader, RepeatsItselfForTheSameSeed) {
  const NoisyNumbers numbers(20);
  DataLoader a(numbers, {.batch_size = 3, .seed = 5});
  DataLoader b(numbers, {.batch_size = 3, .seed = 5});
  DataLoader c(numbers, {.batch_size = 3, .seed = 6});
  const auto first = batches_of<float>(a);
  const auto second = batches_of<float>(a);
  EXPECT_NE(first, second);
  EXPECT_EQ(batches_of<float>(b), first);
  EXPECT_EQ(batches_of<float>(b), second);
  EXPECT_NE(batches_of<float>(c), first);
}

TEST(DataLoader, TakesItsSeedFromTheDefaultGenerator) {
  const Numbers numbers(50);
  Generator generator;
  const GeneratorGuard guard(generator);
  const auto two_loaders = [&] {
    manual_seed(3);
    DataLoader a(numbers, {.batch_size = 50});
    DataLoader b(numbers, {.batch_size = 50});
    return std::pair(examples_of(a), examples_of(b));
  };
  const auto [a, b] = two_loaders();
  EXPECT_NE(a, b);
  EXPECT_EQ(two_loaders(), std::pair(a, b));
}

TEST(DataLoader, TakesNoRandomNumbersWhileIterating) {
  const NoisyNumbers numbers(20);
  Generator generator(4);
  const GeneratorGuard guard(generator);
  DataLoader drawn(numbers, {.batch_size = 3});
  EXPECT_EQ(generator.stream(), 1U);
  DataLoader seeded(numbers, {.batch_size = 3, .seed = 1});
  EXPECT_EQ(generator.stream(), 1U);
  for (int workers : {0, 2}) {
    DataLoader loader(numbers, {.batch_size = 3, .num_workers = workers, .seed = 1});
    for (int epoch = 0; epoch < 2; ++epoch) batches_of<float>(loader);
  }
  EXPECT_EQ(generator.stream(), 1U);
}

TEST(DataLoader, CountsItsEpochs) {
  const Numbers numbers(50);
  DataLoader loader(numbers, {.batch_size = 50, .seed = 1});
  EXPECT_EQ(loader.epoch(), 0U);
  const Examples zero = examples_of(loader);
  EXPECT_EQ(loader.epoch(), 1U);
  const Examples one = examples_of(loader);
  loader.set_epoch(0);
  EXPECT_EQ(examples_of(loader), zero);
  loader.set_epoch(1);
  EXPECT_EQ(examples_of(loader), one);
  EXPECT_EQ(loader.epoch(), 2U);
}

TEST(DataLoader, CountsAnEpochThatIsLeftEarly) {
  const Numbers numbers(50);
  DataLoader loader(numbers, {.batch_size = 5, .seed = 1});
  for ([[maybe_unused]] auto& batch : loader) break;
  EXPECT_EQ(loader.epoch(), 1U);
}

TEST(DataLoader, RunsEpochsInsideOneAnother) {
  for (const int workers : {0, 2}) {
    const Numbers numbers(12);
    DataLoader loader(numbers, {.batch_size = 4, .num_workers = workers, .seed = 1});
    DataLoader reference(numbers, {.batch_size = 4, .seed = 1});
    const Examples outer_expected = examples_of(reference);
    Examples outer;
    for (auto& [x, y] : loader) {
      const Examples part = x.to_vector<std::int64_t>();
      EXPECT_EQ(examples_of(loader), examples_of(reference));
      EXPECT_EQ(x.to_vector<std::int64_t>(), part);
      outer.insert(outer.end(), part.begin(), part.end());
    }
    EXPECT_EQ(outer, outer_expected);
    EXPECT_EQ(loader.epoch(), 4U);
  }
}

TEST(DataLoader, GoesOnFromItsState) {
  const NoisyNumbers numbers(20);
  DataLoader original(numbers, {.batch_size = 3, .seed = 0xffffffffffffff00});
  batches_of<float>(original);
  batches_of<float>(original);
  const StateDict state = original.state_dict().clone();
  DataLoader resumed(numbers, {.batch_size = 3, .num_workers = 2});
  resumed.load_state_dict(state);
  EXPECT_EQ(resumed.epoch(), 2U);
  for (int epoch = 0; epoch < 3; ++epoch)
    EXPECT_EQ(batches_of<float>(resumed), batches_of<float>(original));
}

// ---- memory ----

// The pool hands every block through to the system under sanitizers and with TARN_NO_POOL.
bool pool_caches() {
  empty({1000});
  const std::uint64_t before = memory_stats().system_allocations;
  empty({1000});
  return memory_stats().system_allocations == before;
}

// Nothing is allocated between the second batch of an epoch and its last: neither by this thread's
// operator new nor, where it caches, by the pool.
void expect_no_allocation_per_batch(const Dataset& set, const DataLoaderOptions& options) {
  DataLoader loader(set, options);
  ASSERT_GT(loader.size(), 10);
  for ([[maybe_unused]] auto& batch : loader) continue;
  const bool caches = pool_caches();
  std::uint64_t allocations = 0;
  std::uint64_t from_system = 0;
  std::int64_t count = 0;
  for ([[maybe_unused]] auto& batch : loader) {
    if (++count == 2) {
      allocations = allocation_count();
      from_system = memory_stats().system_allocations;
    }
    if (count == loader.size()) {
      EXPECT_EQ(allocation_count(), allocations);
      if (caches) {
        EXPECT_EQ(memory_stats().system_allocations, from_system);
      }
    }
  }
  EXPECT_EQ(count, loader.size());
}

TEST(DataLoader, AllocatesNothingPerBatchForDataInMemory) {
  const TensorDataset set(zeros({1000, 20}), arange(1000));
  expect_no_allocation_per_batch(set, {.batch_size = 10});
  const MNIST digits(TARN_SOURCE_DIR "/data/mnist-sample");
  expect_no_allocation_per_batch(digits, {.batch_size = 50});
}

TEST(DataLoader, AllocatesNothingPerBatchForExamplesOfOnesOwn) {
  const NoisyNumbers set(1000);
  expect_no_allocation_per_batch(set, {.batch_size = 10});
}

}  // namespace
}  // namespace tarn::data
