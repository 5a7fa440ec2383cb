#include <atomic>
#include <functional>

#include <gtest/gtest.h>

#include <tarn/data/dataset.h>
#include <tarn/data/fetch_scope.h>
#include <tarn/data/tensor_dataset.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/random.h>

#include "thrown_text.h"

namespace tarn::data {
namespace {

using Indices = std::vector<std::int64_t>;

// Examples made by a function.
struct Made : Dataset {
  explicit Made(std::function<Example(std::int64_t)> function) : make(std::move(function)) {}
  std::int64_t size() const override { return 1000; }
  Example get(std::int64_t index) const override { return make(index); }
  std::function<Example(std::int64_t)> make;
};

TEST(Dataset, StacksItsExamples) {
  const Made set([](std::int64_t i) {
    return Example{full({2, 3}, i, {.dtype = kInt32}), scalar_tensor(i)};
  });
  const Batch batch = set.get_batch(Indices{7, 9});
  EXPECT_EQ(batch.data.sizes(), Shape({2, 2, 3}));
  EXPECT_EQ(batch.data.dtype(), kInt32);
  EXPECT_EQ(batch.data.to_vector<int>(), (std::vector<int>{7, 7, 7, 7, 7, 7, 9, 9, 9, 9, 9, 9}));
  EXPECT_EQ(batch.target.sizes(), Shape({2}));
  EXPECT_EQ(batch.target.to_vector<int>(), (std::vector<int>{7, 9}));
}

TEST(Dataset, StacksViewsOfAnyLayout) {
  const Tensor matrix = arange(6).reshape({2, 3});
  const Made set([&](std::int64_t i) { return Example{matrix.t().select(0, i), matrix.t()}; });
  const Batch batch = set.get_batch(Indices{2, 0});
  EXPECT_EQ(batch.data.to_vector<int>(), (std::vector<int>{2, 5, 0, 3}));
  EXPECT_EQ(batch.target.sizes(), Shape({2, 3, 2}));
  EXPECT_EQ(batch.target.to_vector<int>(), (std::vector<int>{0, 3, 1, 4, 2, 5, 0, 3, 1, 4, 2, 5}));
}

TEST(Dataset, StacksOutsideTheGraph) {
  const Tensor weight = ones({2}, {.requires_grad = true});
  const Made set([&](std::int64_t) { return Example{weight, weight}; });
  EXPECT_FALSE(set.get_batch(Indices{0, 1}).data.requires_grad());
}

TEST(Dataset, MayHaveNoTargets) {
  const Made set([](std::int64_t i) { return Example{scalar_tensor(i), {}}; });
  const Batch batch = set.get_batch(Indices{1, 2});
  EXPECT_EQ(batch.data.to_vector<int>(), (std::vector<int>{1, 2}));
  EXPECT_FALSE(batch.target.defined());
}

TEST(Dataset, NamesTheExampleOfAnotherShape) {
  const Made set([](std::int64_t i) {
    return Example{zeros({1, i == 912 ? 27 : 28, 28}), scalar_tensor(i)};
  });
  EXPECT_EQ(thrown_text<ShapeError>([&] {
              set.get_batch(Indices{1, 2, 3, 912});
            }),
            "batch item 3 (data[912]) is [1, 27, 28], item 0 is [1, 28, 28]: expected the same; "
            "crop or pad them, or "
            "give the loader a collate");
  const Made targets([](std::int64_t i) { return Example{scalar_tensor(i), zeros({i})}; });
  EXPECT_EQ(
      thrown_text<ShapeError>([&] {
        targets.get_batch(Indices{1, 2});
      }),
      "batch item 1 (target[2]) is [2], item 0 is [1]: expected the same; crop or pad them, or "
      "give the loader a collate");
}

TEST(Dataset, NamesTheExampleOfAnotherElementType) {
  const Made set([](std::int64_t i) {
    return Example{zeros({2}, {.dtype = i == 5 ? kUInt8 : kFloat32}), scalar_tensor(i)};
  });
  EXPECT_EQ(
      thrown_text<DTypeError>([&] {
        set.get_batch(Indices{1, 5});
      }),
      "batch item 1 (data[5]) is uint8, item 0 is float32: expected the same; convert with .to()");
}

TEST(Dataset, RefusesUndefinedTensors) {
  const Made none([](std::int64_t) { return Example{}; });
  EXPECT_EQ(thrown_text<ValueError>([&] { none.get_batch(Indices{4}); }),
            "get(4) returned undefined data: expected a tensor");
  const Made odd([](std::int64_t i) {
    return Example{scalar_tensor(i), i % 2 == 0 ? Tensor() : scalar_tensor(i)};
  });
  EXPECT_TRUE(contains(thrown_text<ValueError>([&] {
                         odd.get_batch(Indices{2, 3});
                       }),
                       "batch item 1 (target[3]) is defined"));
  EXPECT_TRUE(contains(thrown_text<ValueError>([&] {
                         odd.get_batch(Indices{3, 2});
                       }),
                       "(target[2]) is undefined"));
}

TEST(Dataset, RefusesAnEmptyBatch) {
  const Made set([](std::int64_t i) { return Example{scalar_tensor(i), scalar_tensor(i)}; });
  thrown_text<ValueError>([&] { set.get_batch({}); });
}

TEST(DatasetRef, RefersToNamedDataSetsAndKeepsTemporaries) {
  const TensorDataset named(arange(3), arange(3));
  EXPECT_EQ(&*DatasetRef(named), &named);
  const DatasetRef kept(TensorDataset(arange(3), arange(3)));
  EXPECT_EQ(kept->size(), 3);
  TensorDataset moved(arange(4), arange(4));
  const DatasetRef holder(std::move(moved));
  EXPECT_NE(static_cast<const void*>(&*holder), &moved);
  EXPECT_EQ(holder->size(), 4);
}

// ---- random numbers ----

const Made& noise() {
  static const Made set([](std::int64_t) {
    Tensor data = rand({4});
    return Example{data, randint(0, 1'000'000, {})};
  });
  return set;
}

TEST(FetchScope, TiesRandomNumbersToTheExample) {
  const FetchScope scope(1, 2, 0);
  const std::vector<float> together = noise().get_batch(Indices{5, 6, 7}).data.to_vector<float>();
  const std::vector<float> alone = noise().get_batch(Indices{6}).data.to_vector<float>();
  EXPECT_EQ(std::vector<float>(together.begin() + 4, together.begin() + 8), alone);
  EXPECT_NE(std::vector<float>(together.begin(), together.begin() + 4), alone);
}

TEST(FetchScope, TiesRandomNumbersToSeedAndEpochButNotToTheBatch) {
  const auto draw = [](std::uint64_t seed, std::uint64_t epoch, std::int64_t batch) {
    const FetchScope scope(seed, epoch, batch);
    return noise().get_batch(Indices{5}).data.to_vector<float>();
  };
  EXPECT_EQ(draw(1, 2, 3), draw(1, 2, 4));
  EXPECT_NE(draw(1, 2, 3), draw(1, 3, 3));
  EXPECT_NE(draw(1, 2, 3), draw(2, 2, 3));
}

TEST(FetchScope, GivesABatchItsOwnGenerator) {
  const auto draw = [](std::uint64_t seed, std::uint64_t epoch, std::int64_t batch) {
    const FetchScope scope(seed, epoch, batch);
    return rand({3}).to_vector<float>();
  };
  EXPECT_EQ(draw(1, 2, 3), draw(1, 2, 3));
  EXPECT_NE(draw(1, 2, 3), draw(1, 2, 4));
  EXPECT_NE(draw(1, 2, 3), draw(1, 3, 3));
  EXPECT_NE(draw(1, 2, 3), draw(2, 2, 3));
}

TEST(FetchScope, LeavesTheDefaultGeneratorAlone) {
  Generator generator(9);
  const GeneratorGuard guard(generator);
  {
    const FetchScope scope(1, 2, 3);
    noise().get_batch(Indices{1, 2});
    rand({3});
  }
  EXPECT_EQ(generator.stream(), 0U);
  EXPECT_EQ(&default_generator(), &generator);
}

TEST(FetchScope, IsNotNeeded) {
  Generator generator(9);
  const GeneratorGuard guard(generator);
  noise().get_batch(Indices{1, 2});
  EXPECT_EQ(generator.stream(), 4U);
}

TEST(FetchScope, Nests) {
  const FetchScope outer(1, 2, 3);
  EXPECT_EQ(FetchScope::current(), &outer);
  {
    const FetchScope inner(4, 5, 6);
    EXPECT_EQ(FetchScope::current(), &inner);
  }
  EXPECT_EQ(FetchScope::current(), &outer);
}

TEST(FetchScope, EndsABatchThatIsCancelled) {
  std::atomic<bool> cancelled = false;
  int fetched = 0;
  const Made set([&](std::int64_t i) {
    ++fetched;
    cancelled = i == 3;
    return Example{scalar_tensor(i), scalar_tensor(i)};
  });
  FetchScope scope(0, 0, 0, {}, &cancelled);
  thrown_text<Error>([&] { set.get_batch(Indices{1, 2, 3, 4, 5, 6}); });
  EXPECT_EQ(fetched, 3);
  EXPECT_EQ(scope.index(), 3);
}

}  // namespace
}  // namespace tarn::data
