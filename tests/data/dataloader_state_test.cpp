#include <functional>
#include <limits>

#include <gtest/gtest.h>

#include <tarn/data/dataloader.h>
#include <tarn/data/map_dataset.h>
#include <tarn/data/mnist.h>
#include <tarn/data/subset.h>
#include <tarn/data/transforms.h>
#include <tarn/data/weighted_random_sampler.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>

#include "numbers.h"
#include "thrown_text.h"

namespace tarn::data {
namespace {

using Batches = std::vector<std::vector<float>>;

Batches epochs(DataLoader& loader, int count) {
  Batches all;
  for (int epoch = 0; epoch < count; ++epoch) {
    for (const auto& batch : batches_of<float>(loader)) all.push_back(batch);
    all.emplace_back();  // where an epoch ends
  }
  return all;
}

// Takes `batches` batches of `loader`, which may be several epochs' worth, and gives its state with
// the last of them in hand; the rest of that epoch is left.
StateDict state_after(DataLoader& loader, std::int64_t batches) {
  while (batches > 0) {
    for ([[maybe_unused]] auto& batch : loader) {
      if (--batches == 0) return loader.state_dict().clone();
    }
  }
  return loader.state_dict().clone();
}

Batches tail(const Batches& all, std::size_t from) {
  return {all.begin() + static_cast<std::ptrdiff_t>(from), all.end()};
}

// Interrupts three epochs after each of their batches; what then comes must be what came.
void expect_exact_resume(const Dataset& set, DataLoaderOptions options) {
  options.seed = 21;
  DataLoader reference(set, options);
  const Batches expected = epochs(reference, 3);
  const std::int64_t per_epoch = reference.size();
  for (std::int64_t taken = 0; taken <= 2 * per_epoch; ++taken) {
    for (const int workers : {0, 3}) {
      DataLoaderOptions others = options;
      others.num_workers = workers;
      DataLoader interrupted(set, others);
      const StateDict state = state_after(interrupted, taken);

      others.num_workers = 3 - workers;
      others.seed = {};
      DataLoader resumed(set, others);
      resumed.load_state_dict(state);
      // With the last batch of an epoch in hand, its empty rest is still to come.
      const std::int64_t begun = taken == 0 ? 0 : (taken - 1) / per_epoch;
      EXPECT_EQ(resumed.epoch(), static_cast<std::uint64_t>(begun));
      EXPECT_EQ(resumed.batch(), taken - begun * per_epoch);
      EXPECT_EQ(epochs(resumed, 3 - static_cast<int>(begun)),
                tail(expected, static_cast<std::size_t>(taken + begun)))
          << "after " << taken << " batches, " << workers << " workers before";
    }
  }
}

TEST(LoaderState, ResumesAtEveryBatch) {
  expect_exact_resume(NoisyNumbers(20), {.batch_size = 6});
  expect_exact_resume(NoisyNumbers(20), {.batch_size = 6, .drop_last = true});
  expect_exact_resume(NoisyNumbers(20), {.batch_size = 5, .shuffle = false});
  expect_exact_resume(NoisyNumbers(3), {.batch_size = 7});
}

TEST(LoaderState, ResumesWithEverySampler) {
  for (const std::shared_ptr<const Sampler>& sampler : std::vector<std::shared_ptr<const Sampler>>{
           std::make_shared<ShuffleOnceSampler>(), std::make_shared<ReplacementSampler>(13),
           std::make_shared<WeightedRandomSampler>(std::vector<double>{1, 2, 0, 4, 5}, 9)}) {
    expect_exact_resume(NoisyNumbers(5), {.batch_size = 4, .sampler = sampler});
  }
}

TEST(LoaderState, ResumesWithRandomTransforms) {
  const MNIST digits(TARN_SOURCE_DIR "/data/mnist-sample", {.train = false, .flatten = false});
  const MapDataset bent =
      map(map(Subset(digits, counting(30)),
              combine(RandomAffine({.degrees = 15, .translate = 0.1}), ElasticTransform())),
          RandomErasing());
  expect_exact_resume(bent, {.batch_size = 7});
}

TEST(LoaderState, ResumesWithACollateFunction) {
  const auto collate = [](const std::vector<Example>& examples) {
    Batch batch = default_collate(examples);
    batch.data.add_(rand({1}));
    return batch;
  };
  expect_exact_resume(NoisyNumbers(20), {.batch_size = 6, .collate = collate});
}

TEST(LoaderState, IsTheNextEpochOnceTheLoopHasEnded) {
  const NoisyNumbers numbers(10);
  DataLoader loader(numbers, {.batch_size = 4, .seed = 1});
  batches_of<float>(loader);
  EXPECT_EQ(loader.state_dict().at("epoch").item<int>(), 1);
  EXPECT_EQ(loader.state_dict().at("batch").item<int>(), 0);
}

TEST(LoaderState, KeepsItsPlaceWhenAnEpochIsLeftEarlyUntilTheNextBegins) {
  const NoisyNumbers numbers(10);
  DataLoader loader(numbers, {.batch_size = 2, .seed = 1});
  const StateDict state = state_after(loader, 3);
  EXPECT_EQ(loader.state_dict().at("batch").item<int>(), 3);
  EXPECT_EQ(loader.epoch(), 1U);  // this loader itself goes on with another epoch
  {
    const auto next = loader.begin();
    EXPECT_EQ(loader.state_dict().at("epoch").item<int>(), 1);
    EXPECT_EQ(loader.state_dict().at("batch").item<int>(), 1);
  }
  loader.load_state_dict(state);
  EXPECT_EQ(batches_of<float>(loader).size(), 2U);
  loader.load_state_dict(state);
  loader.set_epoch(0);
  EXPECT_EQ(batches_of<float>(loader).size(), 5U);
}

TEST(LoaderState, SurvivesSavingAgainBeforeIterating) {
  const NoisyNumbers numbers(10);
  DataLoader loader(numbers, {.batch_size = 2, .seed = 1});
  const StateDict state = state_after(loader, 3);
  DataLoader other(numbers, {.batch_size = 2});
  other.load_state_dict(state);
  for (const auto& [name, value] : other.state_dict())
    EXPECT_EQ(value.item<std::int64_t>(), state.at(name).item<std::int64_t>()) << name;
}

TEST(LoaderState, CountsABatchThatFailedAsNotUsed) {
  struct Failing : Numbers {
    using Numbers::Numbers;
    Example get(std::int64_t index) const override {
      if (index == 4 && broken) throw std::runtime_error("broken");
      return Numbers::get(index);
    }
    mutable bool broken = true;
  };
  const Failing set(8);
  DataLoader loader(set, {.batch_size = 2, .shuffle = false, .seed = 1});
  EXPECT_THROW(batches_of(loader), WorkerError);
  const StateDict state = loader.state_dict();
  set.broken = false;
  loader.load_state_dict(state);
  EXPECT_EQ(batches_of(loader), (std::vector<std::vector<std::int64_t>>{{4, 5}, {6, 7}}));
}

// A loop that grows its batches on the way: 2, 2, 5, 5, 5, ... in the first epoch, then 9.
Batches growing(DataLoader& loader, std::int64_t stop_after) {
  Batches all;
  while (loader.epoch() < 3) {
    for (auto& [x, y] : loader) {
      const auto used = loader.state_dict().at("batch").item<std::int64_t>();
      all.push_back(x.to_vector<float>());
      if (loader.epoch() == 1 && used == 2) loader.set_batch_size(5);
      if (loader.epoch() == 2 && used == 1) loader.set_batch_size(9);
      if (static_cast<std::int64_t>(all.size()) == stop_after) return all;
    }
  }
  return all;
}

TEST(LoaderState, HoldsABatchSizeThatWasSetBetweenSteps) {
  const NoisyNumbers numbers(20);
  DataLoader reference(numbers, {.batch_size = 2, .seed = 1});
  const Batches expected = growing(reference, -1);
  std::vector<std::size_t> sizes;
  for (const auto& batch : expected) sizes.push_back(batch.size() / 5);
  EXPECT_EQ(sizes, (std::vector<std::size_t>{2, 2, 5, 5, 5, 1, 5, 9, 6, 9, 9, 2}));

  for (std::size_t taken = 1; taken < expected.size(); ++taken) {
    for (const int workers : {0, 2}) {
      DataLoader interrupted(numbers, {.batch_size = 2, .num_workers = workers, .seed = 1});
      growing(interrupted, static_cast<std::int64_t>(taken));
      DataLoader resumed(numbers, {.batch_size = 2, .num_workers = 2 - workers});
      resumed.load_state_dict(interrupted.state_dict().clone());
      EXPECT_EQ(resumed.batch_size(), interrupted.batch_size());
      DataLoader again(numbers, {.batch_size = 2});
      again.load_state_dict(resumed.state_dict().clone());
      EXPECT_EQ(growing(resumed, -1), tail(expected, taken)) << "after " << taken << " batches";
      EXPECT_EQ(growing(again, -1), tail(expected, taken)) << "saved twice";
    }
  }
}

TEST(LoaderState, LetsTheBatchSizeChangeBeforeTheEpochBegins) {
  DataLoader original(Numbers(20), {.batch_size = 4, .seed = 1});
  batches_of(original);
  DataLoader resumed(Numbers(20), {.batch_size = 4});
  resumed.load_state_dict(original.state_dict());
  original.set_batch_size(9);
  resumed.set_batch_size(9);
  EXPECT_EQ(batches_of(resumed), batches_of(original));
}

TEST(LoaderState, MustFitTheLoader) {
  const NoisyNumbers numbers(20);
  DataLoader original(numbers, {.batch_size = 3, .seed = 5});
  const StateDict state = state_after(original, 2);
  const auto error = [&](DatasetRef set, const DataLoaderOptions& options) {
    DataLoader loader(std::move(set), options);
    const std::string text = thrown_text<ValueError>([&] { loader.load_state_dict(state); });
    EXPECT_EQ(loader.epoch(), 0U);
    EXPECT_EQ(loader.batch(), 0);
    return text;
  };
  EXPECT_EQ(
      error(numbers, {.batch_size = 4}),
      "DataLoader: the state is of a loader with batch_size = 3, this one has 4: make this one "
      "with the state's, or set_batch_size() it");
  EXPECT_EQ(
      error(numbers, {.batch_size = 3, .drop_last = true}),
      "DataLoader: the state is of a loader with drop_last = 0, this one has 1: make this one "
      "with the state's");
  EXPECT_EQ(error(NoisyNumbers(21), {.batch_size = 3}),
            "DataLoader: the state is of a loader with dataset_size = 20, this one has 21: resume "
            "with the data that the run began with");
  EXPECT_EQ(
      error(numbers, {.batch_size = 3, .seed = 6}),
      "DataLoader: the state is of a loader with seed = 5, this one has 6: leave .seed out, or "
      "give the state's");
  EXPECT_EQ(error(numbers, {.batch_size = 3, .shuffle = false}),
            "DataLoader: the sampler visits the examples of epoch 0 in another order than in the "
            "state's run: resume with the same sampler or shuffle");
  // The same order in epoch 0, and another one in epoch 1.
  EXPECT_TRUE(
      contains(error(numbers, {.batch_size = 3, .sampler = std::make_shared<ShuffleOnceSampler>()}),
               "in another order"));
}

TEST(LoaderState, RefusesEntriesThatAreNone) {
  const Numbers numbers(20);
  DataLoader loader(numbers, {.batch_size = 3, .seed = 7});
  const StateDict good = loader.state_dict();
  EXPECT_TRUE(contains(thrown_text<IndexError>([&] { loader.load_state_dict({}); }), "seed"));
  const auto error = [&](const char* name, const Tensor& value) {
    StateDict state = good.clone();
    state.set(name, value);
    return thrown_text<ValueError>([&] { loader.load_state_dict(state); });
  };
  const auto integer = [](std::int64_t value) { return scalar_tensor(value); };
  for (const auto& [name, value] : good) {
    error(name.c_str(), arange(2));
    error(name.c_str(), Tensor());
    error(name.c_str(), scalar_tensor(1.0));
  }
  EXPECT_EQ(error("epoch", scalar_tensor(1.0)),
            "DataLoader: state \"epoch\" is float32 []: expected int64 []");
  EXPECT_EQ(error("epoch", integer(-1)), "DataLoader: state \"epoch\" is -1: expected >= 0");
  EXPECT_EQ(error("batch", integer(8)),
            "DataLoader: state \"batch\" is 8: expected 0..7, the batches of an epoch");
  error("batch", integer(std::numeric_limits<std::int64_t>::min()));
  error("epoch_batch_size", integer(0));
  EXPECT_EQ(error("first_batch", integer(std::numeric_limits<std::int64_t>::max())),
            "DataLoader: state \"first_batch\" is 9223372036854775807: expected at most "
            "\"first_example\", 0");
  EXPECT_EQ(error("first_example", integer(21)),
            "DataLoader: state \"first_example\" is 21: expected 0..20, the examples of an epoch");
  error("made_batch_size", integer(0));
  error("order", integer(1));
  EXPECT_EQ(loader.epoch(), 0U);
  DataLoader same(numbers, {.batch_size = 3, .seed = 7});
  EXPECT_EQ(examples_of(loader), examples_of(same));
}

TEST(LoaderState, OfAnEmptyDataSet) {
  DataLoader loader(Numbers(0), {.seed = 1});
  batches_of(loader);
  DataLoader resumed(Numbers(0), {.num_workers = 2});
  resumed.load_state_dict(loader.state_dict());
  EXPECT_EQ(resumed.epoch(), 1U);
  EXPECT_TRUE(batches_of(resumed).empty());
}

}  // namespace
}  // namespace tarn::data
