#include <exception>
#include <limits>
#include <new>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <tarn/data/dataloader.h>
#include <tarn/data/tensor_dataset.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/log.h>

#include "numbers.h"
#include "thrown_text.h"

namespace tarn::data {
namespace {

// Collects the warnings given while it lives.
class Warnings {
 public:
  Warnings()
      : previous_(set_log_handler(
            [](LogLevel, const std::string& message) { texts().push_back(message); })) {
    texts().clear();
    reset_warnings();
  }
  ~Warnings() { set_log_handler(previous_); }
  Warnings(const Warnings&) = delete;
  Warnings& operator=(const Warnings&) = delete;
  static std::vector<std::string>& texts() {
    static std::vector<std::string> collected;
    return collected;
  }

 private:
  LogHandler previous_;
};

TEST(DataLoaderOptions, AreChecked) {
  const Numbers numbers(3);
  const auto error = [&](const DataLoaderOptions& options) {
    return thrown_text<ValueError>([&] { DataLoader loader(numbers, options); });
  };
  EXPECT_EQ(error({.batch_size = 0}), "DataLoader: batch_size = 0: expected >= 1");
  EXPECT_EQ(error({.batch_size = -1}), "DataLoader: batch_size = -1: expected >= 1");
  EXPECT_EQ(error({.num_workers = -1}), "DataLoader: num_workers = -1: expected 0..1024");
  EXPECT_EQ(error({.num_workers = 1'000'000}),
            "DataLoader: num_workers = 1000000: expected 0..1024");
  EXPECT_EQ(error({.prefetch_factor = 0}), "DataLoader: prefetch_factor = 0: expected 1..1024");
  EXPECT_EQ(error({.prefetch_factor = std::numeric_limits<int>::max()}),
            "DataLoader: prefetch_factor = 2147483647: expected 1..1024");
}

TEST(DataLoaderOptions, TakeABatchLargerThanTheSet) {
  const Numbers numbers(3);
  for (const std::int64_t batch_size :
       {std::int64_t{4}, std::numeric_limits<std::int64_t>::max()}) {
    for (const int workers : {0, 2}) {
      DataLoader loader(numbers,
                        {.batch_size = batch_size, .shuffle = false, .num_workers = workers});
      EXPECT_EQ(loader.size(), 1);
      EXPECT_EQ(batches_of(loader), (std::vector<std::vector<std::int64_t>>{{0, 1, 2}}));
    }
  }
}

TEST(DataLoaderErrors, WarnsOnceOfAnEmptyDataSet) {
  for (const int workers : {0, 2}) {
    const Warnings warnings;
    DataLoader loader(Numbers(0), {.batch_size = 4, .num_workers = workers});
    EXPECT_EQ(loader.size(), 0);
    EXPECT_TRUE(batches_of(loader).empty());
    EXPECT_TRUE(batches_of(loader).empty());
    EXPECT_EQ(Warnings::texts(),
              std::vector<std::string>{
                  "DataLoader: no batches: 0 examples, batch_size = 4, drop_last = false"});
  }
}

TEST(DataLoaderErrors, WarnsWhenDropLastLeavesNothing) {
  const Warnings warnings;
  const Numbers numbers(3);
  DataLoader loader(numbers, {.batch_size = 4, .drop_last = true});
  EXPECT_TRUE(batches_of(loader).empty());
  EXPECT_EQ(Warnings::texts(),
            std::vector<std::string>{
                "DataLoader: no batches: 3 examples, batch_size = 4, drop_last = true"});
}

TEST(DataLoaderErrors, WarnsOnceOfManyWorkersAndWorksWithThem) {
  const Warnings warnings;
  const Numbers numbers(300);
  for (int round = 0; round < 2; ++round) {
    DataLoader loader(numbers, {.batch_size = 2, .shuffle = false, .num_workers = 64});
    EXPECT_EQ(examples_of(loader), counting(300));
  }
  const bool expected =
      std::thread::hardware_concurrency() > 0 && std::thread::hardware_concurrency() < 64;
  ASSERT_EQ(Warnings::texts().size(), expected ? 1U : 0U);
  if (expected) {
    EXPECT_TRUE(contains(Warnings::texts()[0], "num_workers = 64 on "));
  }
}

TEST(DataLoaderErrors, NamesABadIndexOfTheSampler) {
  struct Fixed : Sampler {
    explicit Fixed(std::vector<std::int64_t> values) : order(std::move(values)) {}
    std::vector<std::int64_t> indices(std::int64_t, std::uint64_t, std::uint64_t) const override {
      return order;
    }
    std::vector<std::int64_t> order;
  };
  const Numbers numbers(3);
  const auto loader_of = [&](std::vector<std::int64_t> order) {
    return DataLoader(numbers, {.sampler = std::make_shared<Fixed>(std::move(order))});
  };
  DataLoader beyond = loader_of({0, 1, 3});
  EXPECT_EQ(thrown_text<IndexError>([&] { beyond.begin(); }),
            "DataLoader: sampler returned index 3 at position 2: dataset has 3");
  EXPECT_EQ(beyond.epoch(), 0U);
  DataLoader negative = loader_of({-1, 1, 2});
  thrown_text<IndexError>([&] { negative.begin(); });
  DataLoader few = loader_of({0, 1});
  EXPECT_EQ(thrown_text<ValueError>([&] { few.begin(); }),
            "DataLoader: sampler returned 2 indices: expected 3, as its num_samples() says");
  DataLoader whole = loader_of({2, 0, 2});
  EXPECT_EQ(examples_of(whole), (std::vector<std::int64_t>{2, 0, 2}));
}

TEST(DataLoaderErrors, RefusesNegativeSizes) {
  struct Negative : Sampler {
    std::vector<std::int64_t> indices(std::int64_t, std::uint64_t, std::uint64_t) const override {
      return {};
    }
    std::int64_t num_samples(std::int64_t) const override { return -2; }
  };
  const Numbers numbers(3);
  thrown_text<ValueError>(
      [&] { DataLoader loader(numbers, {.sampler = std::make_shared<Negative>()}); });
  EXPECT_EQ(thrown_text<ValueError>([] { DataLoader loader(Numbers(-3)); }),
            "DataLoader: the size of the data set is -3: expected >= 0");
}

TEST(DataLoaderErrors, NoticesADataSetThatChangesItsSize) {
  Numbers numbers(3);
  DataLoader loader(numbers);
  numbers.count = 2;
  EXPECT_TRUE(
      contains(thrown_text<ValueError>([&] { loader.begin(); }), "has 2 examples, it had 3"));
  EXPECT_EQ(loader.epoch(), 0U);
}

// A child gives up its rights, since root may start any number of threads.
// clang's thread sanitizer ends a child that a program with threads has forked.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TARN_NO_FORK
#endif
#endif

TEST(DataLoaderErrors, SaysWhenAWorkerCannotBeStarted) {
#ifdef TARN_NO_FORK
  GTEST_SKIP() << "the thread sanitizer does not allow threads after a fork";
#endif
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const rlimit none{1, 1};
    if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(3);
    if (::setrlimit(RLIMIT_NPROC, &none) != 0) ::_exit(4);
    DataLoader loader(Numbers(10), {.num_workers = 2});
    try {
      loader.begin();
    } catch (const Error& error) {
      const bool named = contains(error.what(), "of 2 could not be started: ") &&
                         contains(error.what(), "; lower num_workers");
      ::_exit(named && loader.epoch() == 0 ? 0 : 1);
    } catch (...) {
      ::_exit(2);
    }
    ::_exit(5);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

// ---- examples that fail ----

// Fails at one example while `broken`.
struct Fragile : Numbers {
  using Numbers::Numbers;
  Example get(std::int64_t index) const override {
    if (broken && index == 7) fail();
    return Numbers::get(index);
  }
  virtual void fail() const { throw std::runtime_error("no such image"); }
  bool broken = true;
};

class FailingExample : public ::testing::TestWithParam<int> {};

TEST_P(FailingExample, ArrivesWhereItsBatchWouldHave) {
  Fragile set(12);
  DataLoader loader(set, {.batch_size = 3, .shuffle = false, .num_workers = GetParam()});
  std::vector<std::int64_t> seen;
  const std::string text = thrown_text<WorkerError>([&] {
    for (auto& [x, y] : loader) {
      for (const std::int64_t i : x.to_vector<std::int64_t>()) seen.push_back(i);
    }
  });
  EXPECT_EQ(seen, counting(6));
  EXPECT_TRUE(contains(text, "data[7] ("));
  EXPECT_TRUE(contains(text, GetParam() == 0 ? "(no worker): no such image" : "(worker "));
  EXPECT_TRUE(contains(text, "): no such image"));
  set.broken = false;
  EXPECT_EQ(examples_of(loader), counting(12));
}

TEST_P(FailingExample, CarriesTheOriginalException) {
  const Fragile set(12);
  DataLoader loader(set, {.batch_size = 3, .num_workers = GetParam()});
  try {
    examples_of(loader);
    FAIL();
  } catch (const WorkerError& error) {
    EXPECT_EQ(error.index, 7);
    EXPECT_EQ(thrown_text<std::runtime_error>([&] { std::rethrow_if_nested(error); }),
              "no such image");
  }
}

TEST_P(FailingExample, MayBeSkipped) {
  const Fragile set(12);
  DataLoader loader(set, {.batch_size = 3, .shuffle = false, .num_workers = GetParam()});
  auto batch = loader.begin();
  ++batch;
  EXPECT_THROW(++batch, WorkerError);
  EXPECT_FALSE(batch->data.defined());
  ++batch;
  EXPECT_EQ(batch->data.to_vector<int>(), (std::vector<int>{9, 10, 11}));
  ++batch;
  EXPECT_TRUE(batch == loader.end());
  ++batch;
  EXPECT_TRUE(batch == loader.end());
  EXPECT_FALSE(batch->data.defined());
}

TEST_P(FailingExample, MayBeTheFirst) {
  const Fragile set(12);
  struct From7 : Sampler {
    std::vector<std::int64_t> indices(std::int64_t, std::uint64_t, std::uint64_t) const override {
      return {7, 8};
    }
    std::int64_t num_samples(std::int64_t) const override { return 2; }
  };
  DataLoader loader(set, {.num_workers = GetParam(), .sampler = std::make_shared<From7>()});
  EXPECT_THROW(loader.begin(), WorkerError);
  EXPECT_THROW(loader.begin(), WorkerError);
  EXPECT_EQ(loader.epoch(), 2U);
}

TEST_P(FailingExample, MayThrowAnything) {
  struct Number : Fragile {
    using Fragile::Fragile;
    void fail() const override { throw 42; }
  };
  struct Memory : Fragile {
    using Fragile::Fragile;
    void fail() const override { throw std::bad_alloc(); }
  };
  DataLoader number(Number(12), {.batch_size = 5, .num_workers = GetParam()});
  EXPECT_TRUE(contains(thrown_text<WorkerError>([&] { examples_of(number); }), "data[7] ("));
  DataLoader memory(Memory(12), {.batch_size = 5, .num_workers = GetParam()});
  try {
    examples_of(memory);
    FAIL();
  } catch (const WorkerError& error) {
    EXPECT_THROW(std::rethrow_if_nested(error), std::bad_alloc);
  }
}

TEST_P(FailingExample, MayFailAllAtOnce) {
  struct AllBroken : Numbers {
    using Numbers::Numbers;
    Example get(std::int64_t index) const override {
      throw std::runtime_error(std::to_string(index));
    }
  };
  DataLoader loader(AllBroken(50), {.shuffle = false, .num_workers = GetParam()});
  for (int epoch = 0; epoch < 5; ++epoch) {
    EXPECT_TRUE(contains(thrown_text<WorkerError>([&] { examples_of(loader); }), "data[0] ("));
  }
}

TEST_P(FailingExample, IsNamedWhenItHasAnotherShape) {
  struct Ragged : Numbers {
    using Numbers::Numbers;
    Example get(std::int64_t index) const override {
      return {zeros({index == 5 ? 2 : 3}), scalar_tensor(index)};
    }
  };
  DataLoader loader(Ragged(8), {.batch_size = 4, .shuffle = false, .num_workers = GetParam()});
  try {
    for (auto& [x, y] : loader) EXPECT_EQ(y.to_vector<int>()[0], 0);
    FAIL();
  } catch (const WorkerError& error) {
    EXPECT_EQ(error.index, 5);
    EXPECT_TRUE(contains(error.what(), "batch item 1 (data[5]) is [2], item 0 is [3]"));
    EXPECT_THROW(std::rethrow_if_nested(error), ShapeError);
  }
}

TEST_P(FailingExample, OfAWholeBatchIsNamedByTheBatch) {
  struct BatchBroken : Numbers {
    using Numbers::Numbers;
    Batch get_batch(std::span<const std::int64_t> indices) const override {
      if (indices[0] == 4) throw std::runtime_error("no such batch");
      return Numbers::get_batch(indices);
    }
  };
  DataLoader loader(BatchBroken(8), {.batch_size = 4, .shuffle = false, .num_workers = GetParam()});
  try {
    examples_of(loader);
    FAIL();
  } catch (const WorkerError& error) {
    EXPECT_EQ(error.index, -1);
    EXPECT_TRUE(contains(error.what(), "batch 1 ("));
    EXPECT_TRUE(contains(error.what(), "): no such batch"));
  }
}

INSTANTIATE_TEST_SUITE_P(Workers, FailingExample, ::testing::Values(0, 1, 3));

}  // namespace
}  // namespace tarn::data
