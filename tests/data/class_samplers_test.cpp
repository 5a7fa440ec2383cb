#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include <gtest/gtest.h>

#include <tarn/data/dataloader.h>
#include <tarn/data/stratified_sampler.h>
#include <tarn/data/weighted_random_sampler.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>

#include "numbers.h"
#include "thrown_text.h"

namespace tarn::data {
namespace {

using Indices = std::vector<std::int64_t>;
using Weights = std::vector<double>;

// ---- weighted ----

TEST(WeightedRandomSampler, DrawsInProportionToTheWeights) {
  const WeightedRandomSampler sampler({1, 0, 3, 6, 0}, 100'000);
  std::map<std::int64_t, int> counts;
  for (const std::int64_t i : sampler.indices(5, 1, 2)) ++counts[i];
  EXPECT_EQ(counts.size(), 3U);
  EXPECT_NEAR(counts[0], 10'000, 400);  // more than four standard deviations
  EXPECT_NEAR(counts[2], 30'000, 600);
  EXPECT_NEAR(counts[3], 60'000, 640);
}

TEST(WeightedRandomSampler, WithoutReplacementDrawsEachOnceAndHeavyOnesFirst) {
  const WeightedRandomSampler sampler({1, 0, 3, 6}, 3, false);
  std::map<std::int64_t, int> firsts;
  std::map<std::int64_t, int> lasts;
  constexpr int kEpochs = 20'000;
  for (std::uint64_t epoch = 0; epoch < kEpochs; ++epoch) {
    Indices order = sampler.indices(4, 9, epoch);
    ++firsts[order.front()];
    ++lasts[order.back()];
    std::sort(order.begin(), order.end());
    ASSERT_EQ(order, (Indices{0, 2, 3}));
  }
  EXPECT_NEAR(firsts[0], 0.1 * kEpochs, 170);
  EXPECT_NEAR(firsts[2], 0.3 * kEpochs, 260);
  EXPECT_NEAR(firsts[3], 0.6 * kEpochs, 280);
  // Last is 3: after (0, 2) or (2, 0).
  const double last = 0.1 * 3 / 9 + 0.3 * 1 / 7;
  EXPECT_NEAR(lasts[3], last * kEpochs, 4 * std::sqrt(last * (1 - last) * kEpochs));
}

TEST(WeightedRandomSampler, DependsOnSeedAndEpochAlone) {
  const WeightedRandomSampler sampler({1, 2, 3, 4}, 20);
  EXPECT_EQ(sampler.indices(4, 1, 2), sampler.indices(4, 1, 2));
  EXPECT_NE(sampler.indices(4, 1, 2), sampler.indices(4, 1, 3));
  EXPECT_NE(sampler.indices(4, 1, 2), sampler.indices(4, 2, 2));
}

TEST(WeightedRandomSampler, TakesWeightsOfAnySize) {
  const WeightedRandomSampler tiny({0, 5e-324, 5e-324}, 1000);
  const Indices order = tiny.indices(3, 1, 1);
  EXPECT_EQ(std::count(order.begin(), order.end(), 0), 0);
  EXPECT_NEAR(std::count(order.begin(), order.end(), 1), 500, 64);
  EXPECT_EQ(WeightedRandomSampler({1e308, 1e308}, 9).indices(2, 1, 1).size(), 9U);
  const WeightedRandomSampler uneven({1e300, 1e-8}, 2, false);
  EXPECT_EQ(uneven.indices(2, 1, 1), (Indices{0, 1}));
}

TEST(WeightedRandomSampler, RefusesWeightsThatAreNone) {
  const auto error = [](const Weights& weights, std::int64_t count, bool replacement = true) {
    return thrown_text<ValueError>(
        [&] { WeightedRandomSampler sampler(weights, count, replacement); });
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(error({1, nan}, 1),
            "WeightedRandomSampler: weights[1] = nan: expected a finite number >= 0");
  error({1, -1}, 1);
  error({1, std::numeric_limits<double>::infinity()}, 1);
  error({}, 1);
  error({0, 0}, 1);
  error({1}, 0);
  EXPECT_EQ(error({1, 0, 1}, 3, false),
            "WeightedRandomSampler: num_samples = 3 without replacement: expected at most 2, the "
            "number of weights > 0");
  const auto sampler = std::make_shared<WeightedRandomSampler>(Weights{1, 2}, 3);
  EXPECT_EQ(thrown_text<ValueError>([&] { DataLoader loader(Numbers(5), {.sampler = sampler}); }),
            "WeightedRandomSampler: 2 weights for 5 examples: expected one for each");
}

// ---- stratified ----

Tensor labels_of(const std::vector<std::int64_t>& counts) {
  std::vector<std::int64_t> labels;
  for (std::size_t c = 0; c < counts.size(); ++c)
    labels.insert(labels.end(), static_cast<std::size_t>(counts[c]),
                  7 * static_cast<std::int64_t>(c));
  return from_vector(labels, {static_cast<std::int64_t>(labels.size())});
}

TEST(StratifiedSampler, KeepsTheProportionsInEveryPrefix) {
  for (const Indices& counts : std::vector<Indices>{{5, 5, 5},
                                                    {1, 99},
                                                    {1, 1, 1, 500},
                                                    {3, 7, 11, 13, 17, 200},
                                                    {40},
                                                    {2, 3, 5, 7, 1, 1, 1, 1, 1, 30}}) {
    const Tensor labels = labels_of(counts);
    const std::int64_t size = labels.numel();
    const auto label = labels.to_vector<std::int64_t>();
    const StratifiedSampler sampler(labels);
    for (std::uint64_t epoch = 0; epoch < 5; ++epoch) {
      const Indices order = sampler.indices(size, 3, epoch);
      Indices sorted = order;
      std::sort(sorted.begin(), sorted.end());
      ASSERT_EQ(sorted, counting(size));
      Indices seen(counts.size(), 0);
      for (std::int64_t k = 0; k < size; ++k) {
        ++seen[static_cast<std::size_t>(
            label[static_cast<std::size_t>(order[static_cast<std::size_t>(k)])] / 7)];
        for (std::size_t c = 0; c < counts.size(); ++c) {
          const double share = static_cast<double>(counts[c] * (k + 1)) / static_cast<double>(size);
          ASSERT_LT(std::abs(static_cast<double>(seen[c]) - share), 1) << c << " after " << k + 1;
        }
      }
    }
  }
}

TEST(StratifiedSampler, BalancesBatchesOfEqualClasses) {
  const Tensor labels = labels_of({30, 30, 30});
  const Numbers numbers(90);
  DataLoader loader(
      numbers,
      {.batch_size = 6, .sampler = std::make_shared<StratifiedSampler>(labels), .seed = 1});
  for (const auto& batch : batches_of(loader)) {
    Indices seen(3, 0);
    for (const std::int64_t i : batch) ++seen[static_cast<std::size_t>(i / 30)];
    EXPECT_EQ(seen, (Indices{2, 2, 2}));
  }
}

TEST(StratifiedSampler, ReshufflesEveryEpoch) {
  const StratifiedSampler sampler(labels_of({20, 30}));
  EXPECT_EQ(sampler.indices(50, 1, 2), sampler.indices(50, 1, 2));
  EXPECT_NE(sampler.indices(50, 1, 2), sampler.indices(50, 1, 3));
  EXPECT_NE(sampler.indices(50, 1, 2), sampler.indices(50, 2, 2));
}

TEST(StratifiedSampler, RefusesLabelsThatAreNone) {
  EXPECT_EQ(thrown_text<DTypeError>([] { StratifiedSampler sampler(zeros({3})); }),
            "StratifiedSampler: labels are float32: expected int64");
  thrown_text<ShapeError>([] { StratifiedSampler sampler(arange(4).reshape({2, 2})); });
  thrown_text<ValueError>([] { StratifiedSampler sampler{Tensor()}; });
  EXPECT_EQ(thrown_text<ValueError>([] { StratifiedSampler(arange(3)).indices(4, 0, 0); }),
            "StratifiedSampler: 3 labels for 4 examples: expected one for each");
  EXPECT_TRUE(StratifiedSampler(arange(0)).indices(0, 0, 0).empty());
}

}  // namespace
}  // namespace tarn::data
