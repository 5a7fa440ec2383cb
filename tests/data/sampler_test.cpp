#include <algorithm>
#include <map>
#include <numeric>

#include <gtest/gtest.h>

#include <tarn/data/sampler.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/parallel.h>

#include "thrown_text.h"

namespace tarn::data {
namespace {

using Order = std::vector<std::int64_t>;

Order sorted(Order order) {
  std::sort(order.begin(), order.end());
  return order;
}

Order counting(std::int64_t size) {
  Order order(static_cast<std::size_t>(size));
  std::iota(order.begin(), order.end(), 0);
  return order;
}

TEST(SequentialSampler, KeepsTheOrder) {
  EXPECT_EQ(SequentialSampler().indices(5, 1, 2), counting(5));
  EXPECT_EQ(SequentialSampler().indices(0, 1, 2), Order());
}

TEST(RandomSampler, GivesAPermutationOfAnySize) {
  for (const std::int64_t size : {0, 1, 2, 3, 17, 1000, 60'000}) {
    EXPECT_EQ(sorted(RandomSampler().indices(size, 7, 3)), counting(size)) << size;
  }
}

TEST(RandomSampler, DependsOnSeedAndEpochAlone) {
  const RandomSampler sampler;
  const Order order = sampler.indices(1000, 7, 3);
  EXPECT_EQ(RandomSampler().indices(1000, 7, 3), order);
  EXPECT_NE(sampler.indices(1000, 7, 4), order);
  EXPECT_NE(sampler.indices(1000, 8, 3), order);
}

// A change of these values changes every training run of every user.
TEST(RandomSampler, IsFrozen) {
  EXPECT_EQ(RandomSampler().indices(10, 0, 0), (Order{2, 8, 3, 0, 4, 6, 5, 1, 7, 9}));
  EXPECT_EQ(RandomSampler().indices(10, 0, 1), (Order{1, 7, 6, 9, 4, 3, 2, 0, 5, 8}));
  EXPECT_EQ(RandomSampler().indices(10, 42, 0), (Order{1, 8, 4, 0, 9, 5, 2, 6, 7, 3}));
}

// Pearson's test over the 24 orders of 4 examples: 49.73 is exceeded with probability 0.001 (23
// degrees of freedom).
TEST(RandomSampler, MakesAllOrdersEquallyOften) {
  constexpr int kDraws = 24'000;
  for (const std::uint64_t seed : {0, 1, 2}) {
    std::map<Order, int> counts;
    for (std::uint64_t epoch = 0; epoch < kDraws; ++epoch)
      ++counts[RandomSampler().indices(4, seed, epoch)];
    ASSERT_EQ(counts.size(), 24U);
    double chi2 = 0;
    for (const auto& [order, count] : counts)
      chi2 += (count - kDraws / 24.0) * (count - kDraws / 24.0) / (kDraws / 24.0);
    EXPECT_LT(chi2, 49.73) << "seed " << seed;
  }
}

TEST(ShuffleOnceSampler, GivesOnePermutationForAllEpochs) {
  const ShuffleOnceSampler sampler;
  const Order order = sampler.indices(100, 7, 0);
  EXPECT_EQ(sorted(order), counting(100));
  EXPECT_NE(order, counting(100));
  EXPECT_EQ(sampler.indices(100, 7, 9), order);
  EXPECT_NE(sampler.indices(100, 8, 0), order);
  EXPECT_EQ(RandomSampler().indices(100, 7, 0), order);
}

TEST(ReplacementSampler, DrawsFromAllExamplesWithRepetition) {
  const ReplacementSampler sampler;
  EXPECT_EQ(sampler.num_samples(1000), 1000);
  const Order order = sampler.indices(1000, 7, 0);
  ASSERT_EQ(order.size(), 1000U);
  Order distinct = sorted(order);
  EXPECT_GE(distinct.front(), 0);
  EXPECT_LT(distinct.back(), 1000);
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  // 1000 (1 - 1/e) = 632 on average, with a standard deviation of 10.
  EXPECT_NEAR(static_cast<double>(distinct.size()), 632, 50);
  EXPECT_EQ(sampler.indices(1000, 7, 0), order);
  EXPECT_NE(sampler.indices(1000, 7, 1), order);
}

TEST(ReplacementSampler, DrawsEveryExampleEquallyOften) {
  std::vector<int> counts(10);
  for (const std::int64_t index : ReplacementSampler(50'000).indices(10, 3, 0))
    ++counts[static_cast<std::size_t>(index)];
  double chi2 = 0;
  for (const int count : counts) chi2 += (count - 5000.0) * (count - 5000.0) / 5000.0;
  EXPECT_LT(chi2, 27.88);  // 9 degrees of freedom, probability 0.001
}

TEST(ReplacementSampler, TakesAnotherNumberOfDraws) {
  EXPECT_EQ(ReplacementSampler(3).indices(1000, 7, 0).size(), 3U);
  EXPECT_EQ(ReplacementSampler(3).num_samples(1000), 3);
  EXPECT_EQ(ReplacementSampler(3).num_samples(0), 0);
  EXPECT_TRUE(ReplacementSampler(3).indices(0, 7, 0).empty());
  EXPECT_EQ(thrown_text<ValueError>([] { ReplacementSampler sampler(0); }),
            "ReplacementSampler: num_samples = 0: expected >= 1");
}

TEST(Samplers, DoNotDependOnTheNumberOfThreads) {
  const int before = get_num_threads();
  set_num_threads(1);
  const Order draws = ReplacementSampler().indices(60'000, 1, 2);
  const Order order = RandomSampler().indices(60'000, 1, 2);
  set_num_threads(3);
  EXPECT_EQ(ReplacementSampler().indices(60'000, 1, 2), draws);
  EXPECT_EQ(RandomSampler().indices(60'000, 1, 2), order);
  set_num_threads(before);
}

}  // namespace
}  // namespace tarn::data
