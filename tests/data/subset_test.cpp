#include <algorithm>
#include <limits>
#include <set>

#include <gtest/gtest.h>

#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/data/concat_dataset.h>
#include <tarn/data/dataloader.h>
#include <tarn/data/map_dataset.h>
#include <tarn/data/subset.h>
#include <tarn/data/tensor_dataset.h>
#include <tarn/tensor/error.h>

#include "numbers.h"
#include "thrown_text.h"

namespace tarn::data {
namespace {

using Indices = std::vector<std::int64_t>;

Indices data_of(const Dataset& set) {
  Indices all;
  for (std::int64_t i = 0; i < set.size(); ++i) all.push_back(set.get(i).data.item<std::int64_t>());
  return all;
}

TensorDataset in_memory(std::int64_t from, std::int64_t to) {
  return {arange(to).slice(0, from, to), arange(10 * to).slice(0, 10 * from, 10 * to, 10)};
}

// ---- Subset ----

TEST(Subset, HoldsTheExamplesAtItsIndices) {
  for (const bool memory : {false, true}) {
    const Subset subset(memory ? DatasetRef(in_memory(0, 9)) : DatasetRef(Numbers(9)),
                        {4, 0, 4, 8});
    EXPECT_EQ(subset.in_memory(), memory);
    EXPECT_EQ(subset.size(), 4);
    EXPECT_EQ(data_of(subset), (Indices{4, 0, 4, 8}));
    const Batch batch = subset.get_batch(Indices{3, 1, 2});
    EXPECT_EQ(batch.data.to_vector<std::int64_t>(), (Indices{8, 0, 4}));
    EXPECT_EQ(batch.target.to_vector<std::int64_t>(), (Indices{80, 0, 40}));
  }
}

TEST(Subset, RefusesIndicesOutside) {
  EXPECT_EQ(thrown_text<IndexError>([] {
              Subset(Numbers(3), {0, 3});
            }),
            "Subset: index 3 is out of range: expected 0..2");
  thrown_text<IndexError>([] { Subset(Numbers(3), {-1}); });
  const Subset subset(Numbers(3), {2});
  thrown_text<IndexError>([&] { subset.get(1); });
  thrown_text<IndexError>([&] { subset.get_batch(Indices{-1}); });
  thrown_text<IndexError>([] { Subset(Numbers(3), {}).get(0); });
}

TEST(Subset, NamesAFailingExampleAsTheLoaderCountsIt) {
  struct Failing : Numbers {
    using Numbers::Numbers;
    Example get(std::int64_t index) const override {
      if (index == 7) throw std::runtime_error("broken");
      return Numbers::get(index);
    }
  };
  DataLoader loader(Subset(Failing(9), {8, 7}), {.batch_size = 2, .shuffle = false});
  EXPECT_EQ(thrown_text<WorkerError>([&] { loader.begin(); }), "data[1] (no worker): broken");
}

// ---- random_split ----

Indices sorted_union(const std::vector<Subset>& parts) {
  Indices all;
  for (const Subset& part : parts) {
    const Indices some = data_of(part);
    all.insert(all.end(), some.begin(), some.end());
  }
  std::sort(all.begin(), all.end());
  return all;
}

std::vector<std::int64_t> sizes(const std::vector<Subset>& parts) {
  std::vector<std::int64_t> all;
  for (const Subset& part : parts) all.push_back(part.size());
  return all;
}

TEST(RandomSplit, GivesEachExampleToOnePart) {
  const Numbers numbers(100);
  const std::int64_t most = 75;
  const auto parts = random_split(numbers, {most, 25, 0}, 4);
  EXPECT_EQ(sizes(parts), (Indices{75, 25, 0}));
  EXPECT_EQ(sorted_union(parts), counting(100));
  EXPECT_NE(data_of(parts[0]), counting(75));
  const auto same = random_split(numbers, {75, 25, 0}, 4);
  EXPECT_EQ(data_of(same[1]), data_of(parts[1]));
  EXPECT_NE(data_of(random_split(numbers, {75, 25}, 5)[1]), data_of(parts[1]));
}

TEST(RandomSplit, RoundsFractionsAsPyTorchDoes) {
  // torch.utils.data.random_split(range(n), fractions)
  EXPECT_EQ(sizes(random_split(Numbers(10), {0.9, 0.1}, 0)), (Indices{9, 1}));
  EXPECT_EQ(sizes(random_split(Numbers(10), {1.0 / 3, 1.0 / 3, 1.0 / 3}, 0)), (Indices{4, 3, 3}));
  EXPECT_EQ(sizes(random_split(Numbers(11), {0.25, 0.25, 0.25, 0.25}, 0)), (Indices{3, 3, 3, 2}));
  EXPECT_EQ(sizes(random_split(Numbers(1), {0.5, 0.5}, 0)), (Indices{1, 0}));
  EXPECT_EQ(sizes(random_split(Numbers(0), {0.5, 0.5}, 0)), (Indices{0, 0}));
  EXPECT_EQ(sorted_union(random_split(Numbers(17), {0.7, 0.2, 0.1}, 0)), counting(17));
}

TEST(RandomSplit, DrawsFromAGenerator) {
  Generator generator(4);
  const auto first = random_split(Numbers(50), {25, 25}, generator);
  EXPECT_EQ(generator.stream(), 1U);
  EXPECT_NE(data_of(random_split(Numbers(50), {25, 25}, generator)[0]), data_of(first[0]));
  EXPECT_EQ(data_of(random_split(Numbers(50), {25, 25}, 4)[0]), data_of(first[0]));
}

TEST(RandomSplit, RefusesSizesThatDoNotAddUp) {
  const auto error = [](const std::vector<SplitSize>& sizes) {
    return thrown_text<ValueError>([&] { random_split(Numbers(10), sizes, 0); });
  };
  EXPECT_EQ(error({5, 4}),
            "random_split: the sizes add up to 9: expected 10, the size of the data set");
  EXPECT_EQ(error({0.5, 0.4}), "random_split: the fractions add up to 0.9: expected 1");
  EXPECT_EQ(error({9, 0.1}),
            "random_split: sizes 9 and 0.1: expected numbers of examples or fractions, not both");
  error({11, -1});
  error({1.5, -0.5});
  error({std::numeric_limits<double>::quiet_NaN(), 1.0});
  error({});
}

// ---- ConcatDataset ----

TEST(ConcatDataset, PutsDataSetsBehindOneAnother) {
  const Numbers three(3);
  for (const bool memory : {false, true}) {
    const ConcatDataset both({memory ? DatasetRef(in_memory(0, 3)) : DatasetRef(three),
                              in_memory(0, 0), in_memory(5, 7)});
    EXPECT_EQ(both.in_memory(), memory);
    EXPECT_EQ(both.size(), 5);
    EXPECT_EQ(data_of(both), (Indices{0, 1, 2, 5, 6}));
    const Batch batch = both.get_batch(Indices{4, 0, 3, 2, 4});
    EXPECT_EQ(batch.data.to_vector<std::int64_t>(), (Indices{6, 0, 5, 2, 6}));
    EXPECT_EQ(batch.target.to_vector<std::int64_t>(), (Indices{60, 0, 50, 20, 60}));
    thrown_text<IndexError>([&] { both.get(5); });
    thrown_text<IndexError>([&] { both.get_batch(Indices{0, -1}); });
  }
}

TEST(ConcatDataset, RefusesNoDataSetsAndUnequalExamples) {
  thrown_text<ValueError>([] { ConcatDataset({}); });
  const ConcatDataset both(
      {TensorDataset(zeros({2, 3}), arange(2)), TensorDataset(zeros({2, 4}), arange(2))});
  EXPECT_EQ(thrown_text<ShapeError>([&] {
              both.get_batch(Indices{0, 3});
            }),
            "batch item 1 (data[3]) is [4], item 0 is [3]: expected the same; crop or pad them, or "
            "give the loader a collate");
}

struct Slow : TensorDataset {
  using TensorDataset::TensorDataset;
  bool in_memory() const override { return false; }
};

MapDataset with_noise(const DatasetRef& set) {
  return map(set, [](const Tensor& x) { return add(x.to(kFloat32), rand({1})); });
}

TEST(Views, DrawTheNumbersOfTheExampleThatTheLoaderAskedFor) {
  const auto bits = [&](const DatasetRef& inner) {
    DataLoader loader(Subset(with_noise(inner), {5, 2, 0, 2, 4}), {.batch_size = 2, .seed = 3});
    return batches_of<float>(loader);
  };
  const Tensor data = zeros({6, 1});
  const auto expected = bits(TensorDataset(data, arange(6)));
  EXPECT_EQ(bits(Slow(data, arange(6))), expected);
  std::set<float> different;
  for (const auto& batch : expected) different.insert(batch.begin(), batch.end());
  EXPECT_EQ(different.size(), 5U);  // also for the two places of example 2
}

TEST(Views, DrawDifferentNumbersInEachPartAndStage) {
  const TensorDataset zero(zeros({3, 1}), arange(3));
  for (const int workers : {0, 2}) {
    const auto run = [&](const DatasetRef& set) {
      DataLoader loader(set,
                        {.batch_size = 4, .shuffle = false, .num_workers = workers, .seed = 3});
      return batches_of<float>(loader);
    };
    const ConcatDataset both({with_noise(zero), with_noise(zero)});
    EXPECT_TRUE(both.in_memory());
    std::set<float> different;
    for (const auto& batch : run(both)) different.insert(batch.begin(), batch.end());
    EXPECT_EQ(different.size(), 6U);
    EXPECT_EQ(run(with_noise(both)), run(with_noise(both)));
  }
}

// ---- collate ----

TEST(Collate, MakesBatchesOfUnequalExamples) {
  struct Ragged : Numbers {
    using Numbers::Numbers;
    Example get(std::int64_t index) const override {
      return {full({index + 1}, index, {.dtype = kInt64}), scalar_tensor(index)};
    }
  };
  const auto pad = [](const std::vector<Example>& examples) {
    std::int64_t longest = 0;
    for (const Example& e : examples) longest = std::max(longest, e.data.size(0));
    std::vector<Example> padded;
    for (const Example& e : examples) {
      const Tensor row = full({longest}, -1, {.dtype = kInt64});
      row.narrow(0, 0, e.data.size(0)).copy_(e.data);
      padded.push_back({row, e.target});
    }
    return default_collate(padded);
  };
  for (const int workers : {0, 2}) {
    DataLoader loader(Ragged(3),
                      {.batch_size = 2, .shuffle = false, .num_workers = workers, .collate = pad});
    EXPECT_EQ(batches_of(loader), (std::vector<Indices>{{0, -1, 1, 1}, {2, 2, 2}}));
  }
}

TEST(Collate, MayFailForTheBatch) {
  const auto fail = [](const std::vector<Example>&) -> Batch { throw ValueError("no batch"); };
  DataLoader loader(Numbers(4), {.batch_size = 2, .shuffle = false, .collate = fail});
  EXPECT_TRUE(contains(thrown_text<WorkerError>([&] { loader.begin(); }), "no batch"));
}

TEST(Collate, StacksByDefault) {
  const Batch batch = default_collate(
      {{arange(2), scalar_tensor(std::int64_t{5})}, {arange(2), scalar_tensor(std::int64_t{6})}});
  EXPECT_EQ(batch.data.sizes(), Shape({2, 2}));
  EXPECT_EQ(batch.target.to_vector<std::int64_t>(), (Indices{5, 6}));
  EXPECT_FALSE(default_collate({{arange(2), Tensor()}}).target.defined());
  thrown_text<ValueError>([] { default_collate({}); });
  thrown_text<ValueError>([] { default_collate({{Tensor(), arange(1)}}); });
  EXPECT_EQ(thrown_text<ShapeError>([] {
              default_collate({{arange(2), Tensor()}, {arange(3), Tensor()}});
            }),
            "batch item 1 (data) is [3], item 0 is [2]: expected the same; crop or pad them, or "
            "give the loader a collate");
}

}  // namespace
}  // namespace tarn::data
