#include <algorithm>
#include <memory>

#include <gtest/gtest.h>

#include <tarn/data/dataloader.h>
#include <tarn/data/distributed_sampler.h>
#include <tarn/data/weighted_random_sampler.h>
#include <tarn/tensor/error.h>

#include "../tensor/expect_error.h"
#include "numbers.h"

namespace tarn::data {
namespace {

using testing::fails_with;

using Batches = std::vector<std::vector<std::int64_t>>;

DataLoaderOptions of_rank(std::int64_t rank, std::int64_t ranks, DataLoaderOptions options) {
  options.seed = 5;
  options.sampler = std::make_shared<DistributedSampler>(rank, ranks, options.sampler);
  return options;
}

// The batches of all ranks, in the order in which one loader would give them.
Batches dealt_back(const Dataset& set, std::int64_t ranks, const DataLoaderOptions& options,
                   int epochs) {
  std::vector<std::unique_ptr<DataLoader>> loaders;
  for (std::int64_t r = 0; r < ranks; ++r)
    loaders.push_back(std::make_unique<DataLoader>(set, of_rank(r, ranks, options)));
  Batches all;
  for (int epoch = 0; epoch < epochs; ++epoch) {
    std::vector<Batches> of;
    for (auto& loader : loaders) of.push_back(batches_of(*loader));
    for (std::size_t i = 0; i < of[0].size(); ++i) {
      for (const Batches& batches : of) {
        if (i < batches.size()) all.push_back(batches[i]);
      }
    }
    for (const auto& loader : loaders) {
      EXPECT_EQ(loader->size(), static_cast<std::int64_t>(of[0].size()));
      EXPECT_EQ(loader->epoch(), static_cast<std::uint64_t>(epoch + 1));
    }
  }
  return all;
}

Batches batches_of_one_loader(const Dataset& set, DataLoaderOptions options, int epochs) {
  options.seed = 5;
  DataLoader loader(set, options);
  Batches all;
  for (int epoch = 0; epoch < epochs; ++epoch) {
    for (const auto& batch : batches_of(loader)) all.push_back(batch);
  }
  return all;
}

TEST(DistributedSampler, RanksShareTheBatchesOfOneLoader) {
  for (const std::int64_t size : {0, 1, 7, 24, 25, 26}) {
    const Numbers set(size);
    for (const std::int64_t ranks : {1, 2, 3, 5, 40}) {
      for (const bool drop_last : {false, true}) {
        for (const int workers : {0, 2}) {
          const DataLoaderOptions options{
              .batch_size = 4, .drop_last = drop_last, .num_workers = workers};
          EXPECT_EQ(dealt_back(set, ranks, options, 3), batches_of_one_loader(set, options, 3))
              << size << " examples, " << ranks << " ranks, " << workers << " workers";
        }
      }
    }
  }
}

TEST(DistributedSampler, EveryExampleComesOnceInAnEpochAndEpochsDiffer) {
  const Numbers set(26);
  std::vector<std::vector<std::int64_t>> epochs;
  for (int epoch = 0; epoch < 2; ++epoch) {
    std::vector<std::int64_t> seen;
    for (std::int64_t r = 0; r < 3; ++r) {
      DataLoader loader(set, of_rank(r, 3, {.batch_size = 4}));
      loader.set_epoch(static_cast<std::uint64_t>(epoch));
      for (const std::int64_t example : examples_of(loader)) seen.push_back(example);
    }
    epochs.push_back(seen);
    std::ranges::sort(seen);
    EXPECT_EQ(seen, counting(26));
  }
  EXPECT_NE(epochs[0], epochs[1]);
}

TEST(DistributedSampler, DealsTheOrderOfAnySampler) {
  const Numbers set(20);
  const DataLoaderOptions weighted{
      .batch_size = 3,
      .sampler = std::make_shared<WeightedRandomSampler>(std::vector<double>(20, 1.0), 31)};
  EXPECT_EQ(dealt_back(set, 4, weighted, 2), batches_of_one_loader(set, weighted, 2));
  const DataLoaderOptions in_order{.batch_size = 3,
                                   .sampler = std::make_shared<SequentialSampler>()};
  EXPECT_EQ(dealt_back(set, 4, in_order, 1), batches_of_one_loader(set, in_order, 1));
}

TEST(DistributedSampler, ExamplesGetTheRandomNumbersThatOneLoaderGives) {
  const NoisyNumbers set(10);
  DataLoader one(set, {.batch_size = 2, .seed = 5});
  DataLoader second(set, of_rank(1, 2, {.batch_size = 2}));
  const auto all = batches_of<float>(one);
  const auto own = batches_of<float>(second);
  ASSERT_EQ(own.size(), 2U);
  EXPECT_EQ(own[0], all[1]);
  EXPECT_EQ(own[1], all[3]);
}

// After `steps` steps of `before` ranks, `after` ranks go on with rank 0's state: together they
// give the batches that are left, and the next epoch.
TEST(DistributedSampler, AnyNumberOfRanksGoesOnInsideAnEpoch) {
  const Numbers set(26);
  const DataLoaderOptions options{.batch_size = 4};
  const Batches all = batches_of_one_loader(set, options, 2);
  for (const std::int64_t before : {1, 2, 3}) {
    for (const std::int64_t after : {1, 2, 3}) {
      for (std::int64_t steps = 1; steps <= (7 + before - 1) / before; ++steps) {
        DataLoader first(set, of_rank(0, before, options));
        StateDict state;
        std::int64_t step = 0;
        for ([[maybe_unused]] auto& batch : first) {
          state = first.state_dict().clone();
          if (++step == steps) break;
        }
        ASSERT_EQ(step, steps);
        std::vector<Batches> rest;
        std::vector<Batches> next;
        for (std::int64_t r = 0; r < after; ++r) {
          DataLoader loader(set, of_rank(r, after, options));
          loader.load_state_dict(state);
          EXPECT_EQ(loader.epoch(), 0U);
          EXPECT_EQ(loader.batch(), std::min<std::int64_t>(steps * before, 7));
          rest.push_back(batches_of(loader));
          next.push_back(batches_of(loader));
        }
        Batches found;
        for (const auto& of : {rest, next}) {
          for (std::size_t i = 0; i < of[0].size(); ++i) {
            for (const Batches& batches : of) {
              if (i < batches.size()) found.push_back(batches[i]);
            }
          }
        }
        const auto used = static_cast<std::ptrdiff_t>(std::min<std::int64_t>(steps * before, 7));
        EXPECT_EQ(found, Batches(all.begin() + used, all.end()))
            << steps << " steps of " << before << " ranks, then " << after;
      }
    }
  }
}

TEST(DistributedSampler, ABatchSizeMayChangeInsideAnEpoch) {
  const Numbers set(26);
  std::vector<std::int64_t> seen;
  for (std::int64_t r = 0; r < 2; ++r) {
    DataLoader loader(set, of_rank(r, 2, {.batch_size = 2}));
    std::vector<std::size_t> sizes;
    for (auto& [x, y] : loader) {
      sizes.push_back(static_cast<std::size_t>(x.size(0)));
      for (const auto example : x.to_vector<std::int64_t>()) seen.push_back(example);
      if (sizes.size() == 3) loader.set_batch_size(5);
    }
    EXPECT_EQ(sizes, r == 0 ? (std::vector<std::size_t>{2, 2, 2, 5, 4})
                            : (std::vector<std::size_t>{2, 2, 2, 5}));
  }
  std::ranges::sort(seen);
  EXPECT_EQ(seen, counting(26));
}

TEST(DistributedSampler, RefusesRanksThatDoNotExist) {
  const auto make = [](std::int64_t rank, std::int64_t ranks) {
    return [=] { const DistributedSampler sampler(rank, ranks); };
  };
  EXPECT_TRUE(fails_with<ValueError>(make(2, 2), "DistributedSampler: rank 2 of 2"));
  EXPECT_TRUE(fails_with<ValueError>(make(-1, 2), "DistributedSampler: rank -1 of 2"));
  EXPECT_TRUE(fails_with<ValueError>(make(0, 0), "DistributedSampler: rank 0 of 0"));
  EXPECT_TRUE(fails_with<ValueError>(
      [] { const DistributedSampler outer(0, 2, std::make_shared<DistributedSampler>(0, 2)); },
      "DistributedSampler: its sampler is a DistributedSampler"));
}

}  // namespace
}  // namespace tarn::data
