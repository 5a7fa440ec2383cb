#include <gtest/gtest.h>

#include <tarn/distributed/distributed_data_parallel.h>
#include <tarn/tarn.h>

#include "../tensor/closeness.h"
#include "training_problem.h"

namespace tarn::distributed {
namespace {

using namespace testing;
using tarn::testing::is_close;

constexpr std::int64_t kBatchSize = 8;  // of each rank

// The micro-batches of a rank in the order that it takes them.
using Parts = std::vector<data::Batch>;

Parts parts_of(int r, const std::vector<std::int64_t>& sizes) {
  Parts parts;
  for (const std::int64_t size : sizes)
    parts.push_back(batch_of(size, static_cast<std::uint64_t>(100 * r) + parts.size()));
  return parts;
}

data::Batch joined(const Parts& parts) {
  std::vector<Tensor> x;
  std::vector<Tensor> y;
  for (const data::Batch& part : parts) {
    x.push_back(part.data);
    y.push_back(part.target);
  }
  return {cat(x), cat(y)};
}

// What all ranks take together in each step: of each rank, parts until there are kBatchSize
// examples.
std::vector<Parts> steps_of(const std::vector<std::vector<std::int64_t>>& sizes_of_ranks) {
  std::vector<Parts> steps;
  for (std::size_t r = 0; r < sizes_of_ranks.size(); ++r) {
    std::size_t step = 0;
    std::int64_t count = 0;
    for (const data::Batch& part : parts_of(static_cast<int>(r), sizes_of_ranks[r])) {
      steps.resize(std::max(steps.size(), step + 1));
      steps[step].push_back(part);
      count += part.data.size(0);
      if (count < kBatchSize) continue;
      count = 0;
      ++step;
    }
  }
  return steps;
}

std::vector<std::vector<std::int64_t>> for_all_ranks(auto sizes_of) {
  std::vector<std::vector<std::int64_t>> sizes;
  for (int r = 0; r < size(); ++r) sizes.push_back(sizes_of(r));
  return sizes;
}

// Two epochs of one rank that takes the big batches.
void train_with_big_batches(nn::Module& model, optim::SGD& sgd, const std::vector<Parts>& steps,
                            Reduction reduction) {
  for (int epoch = 0; epoch < 2; ++epoch) {
    for (const Parts& parts : steps) {
      const auto [x, y] = joined(parts);
      sgd.zero_grad();
      cross_entropy(model(x), y, {.reduction = reduction}).backward();
      sgd.step();
    }
  }
}

// The same by all ranks in micro-batches.
void train_on_ranks(nn::Module& model, optim::SGD& sgd, const Parts& own,
                    const DistributedDataParallelOptions& options) {
  DistributedDataParallel parallel(model, options);
  optim::Accumulator accumulate(sgd, {.batch_size = kBatchSize, .reduction = options.reduction});
  for (int epoch = 0; epoch < 2; ++epoch) {
    for (const auto& [x, y] : own) {
      const std::int64_t count = x.size(0);
      const bool completes = accumulate.completes(count);
      const auto local = parallel.no_sync(!completes);
      const Tensor loss = cross_entropy(parallel(x), y, {.reduction = options.reduction});
      EXPECT_EQ(accumulate.backward(loss, count), completes);
    }
    accumulate.flush([&](const auto& step) { parallel.join(step); });
    EXPECT_EQ(accumulate.count(), 0);
  }
}

void expect_steps_of_big_batches(const std::vector<std::vector<std::int64_t>>& sizes) {
  const std::vector<Parts> steps = steps_of(sizes);
  const Parts own = parts_of(rank(), sizes[static_cast<std::size_t>(rank())]);
  for (const Reduction reduction : {Reduction::mean, Reduction::sum}) {
    const optim::SGDOptions options{.lr = reduction == Reduction::mean ? 0.1 : 0.005,
                                    .momentum = 0.9};
    manual_seed(1);
    Classifier big;
    optim::SGD big_sgd(big.parameters(), options);
    train_with_big_batches(big, big_sgd, steps, reduction);
    for (const bool overlap : {true, false}) {
      for (const double bucket_cap_mb : {25.0, 1e-5}) {
        SCOPED_TRACE(str(reduction == Reduction::mean ? "mean" : "sum", ", overlap = ", overlap,
                         ", bucket_cap_mb = ", bucket_cap_mb));
        manual_seed(1);
        Classifier model;
        optim::SGD sgd(model.parameters(), options);
        train_on_ranks(
            model, sgd, own,
            {.reduction = reduction, .bucket_cap_mb = bucket_cap_mb, .overlap = overlap});
        EXPECT_EQ(sgd.step_count(), big_sgd.step_count());
        EXPECT_EQ(rank_that_differs(bytes_of(model)), "");
        const auto actual = model.parameters();
        const auto expected = big.parameters();
        for (std::size_t i = 0; i < actual.size(); ++i)
          EXPECT_TRUE(is_close(actual[i], expected[i], {.rtol = 1e-6, .atol = 1e-6})) << i;
      }
    }
  }
}

using Sizes = std::vector<std::int64_t>;

TEST(AccumulatorOnRanks, MicroBatchesOfAllRanksEqualTheBigBatch) {
  expect_steps_of_big_batches(for_all_ranks([](int) { return Sizes{4, 4, 4, 4}; }));
}

TEST(AccumulatorOnRanks, WeighsByExamplesAlsoWhenPartsGoBeyondTheBatch) {
  expect_steps_of_big_batches(for_all_ranks([](int r) {
    return r % 2 == 0 ? Sizes{3, 4, 5, 7, 1} : Sizes{9, 1, 2, 12};
  }));
}

TEST(AccumulatorOnRanks, WhatIsLeftAtTheEndOfAnEpochIsAStep) {
  // The first rank has something left, alone; then all but it; then all, as many examples as they
  // come.
  expect_steps_of_big_batches(for_all_ranks([](int r) {
    return r == 0 ? Sizes{4, 4, 3} : Sizes{4, 4};
  }));
  expect_steps_of_big_batches(for_all_ranks([](int r) {
    return r == 0 ? Sizes{4, 4} : Sizes{4, 4, 4, 1};
  }));
  expect_steps_of_big_batches(for_all_ranks([](int r) { return Sizes{4, 4, 2, r + 1}; }));
}

TEST(AccumulatorOnRanks, RanksTakePartInTheStepsOfOthers) {
  // What the first rank has left is a part of a whole step of the others; the last one has nothing.
  expect_steps_of_big_batches(for_all_ranks([](int r) {
    return r == 0 ? Sizes{5} : r == size() - 1 ? Sizes{} : Sizes{4, 4, 8, 3};
  }));
  expect_steps_of_big_batches(for_all_ranks([](int r) {
    return r == 0 ? Sizes{5} : Sizes{4, 4, 8, 8, 3};
  }));
}

// Its second head is used in the first step alone.
struct Heads : nn::Module {
  nn::Linear& body = add("body", nn::Linear(5, 4));
  nn::Linear& first = add("first", nn::Linear(4, 3));
  nn::Linear& second = add("second", nn::Linear(4, 3));
  bool both = true;
  Tensor forward(const Tensor& x) override {
    const Tensor h = tanh(body(x));
    return both ? first(h) + second(h) : first(h);
  }
};

TEST(AccumulatorOnRanks, AGradientThatWasUsedHasNoPartInTheStepsOfOthers) {
  manual_seed(1);
  Heads model;
  DistributedDataParallel parallel(model);
  optim::SGD sgd(model.parameters(), {.lr = 0.1});
  optim::Accumulator accumulate(sgd, {.batch_size = 4});
  const data::Batch batch = batch_of(4, 1);
  const auto backward = [&] {
    return accumulate.backward(cross_entropy(parallel(batch.data), batch.target), 4);
  };
  EXPECT_TRUE(backward());
  const Tensor before = model.second.weight.detach().clone();
  model.both = false;
  // Two steps more on rank 0; the others have none of their own.
  if (rank() == 0) {
    EXPECT_TRUE(backward());
    EXPECT_TRUE(backward());
  }
  accumulate.flush([&](const auto& step) { parallel.join(step); });
  EXPECT_EQ(sgd.step_count(), 3);
  EXPECT_EQ(rank_that_differs(bytes_of(model)), "");
  EXPECT_TRUE(tarn::testing::same_bits(model.second.weight, before));
}

}  // namespace
}  // namespace tarn::distributed
