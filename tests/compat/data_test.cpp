#include <algorithm>
#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"

namespace tarn {
namespace {

using testing::fails_with;
using testing::same_bits;
namespace datasets = torch::data::datasets;
namespace samplers = torch::data::samplers;
namespace transforms = torch::data::transforms;

// Example i is ([i, i], 10 i).
struct Numbers : datasets::Dataset<Numbers> {
  explicit Numbers(size_t count) : count_(count) {}
  torch::data::Example<> get(size_t index) override {
    const auto i = static_cast<int64_t>(index);
    return {torch::full({2}, i, torch::kFloat), torch::tensor(10 * i)};
  }
  torch::optional<size_t> size() const override { return count_; }

 private:
  size_t count_;
};

template <class Loader>
std::vector<int64_t> targets(Loader& loader) {
  std::vector<int64_t> all;
  for (auto& batch : loader) {
    const auto part = batch.target.template to_vector<int64_t>();
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

TEST(TorchDataLoader, StacksABatchesExamples) {
  auto loader = torch::data::make_data_loader<samplers::SequentialSampler>(
      Numbers(7).map(transforms::Stack<>()), 3);
  std::vector<int64_t> sizes;
  for (const torch::data::Example<>& batch : *loader) {
    sizes.push_back(batch.data.size(0));
    EXPECT_EQ(batch.data.sizes(), Shape({sizes.back(), 2}));
    EXPECT_TRUE(same_bits(batch.data.select(1, 1) * 10, batch.target.to(torch::kFloat)));
  }
  EXPECT_EQ(sizes, (std::vector<int64_t>{3, 3, 1}));
  EXPECT_EQ(targets(*loader), (std::vector<int64_t>{0, 10, 20, 30, 40, 50, 60}));
}

TEST(TorchDataLoader, VisitsEveryExampleInANewRandomOrderByDefault) {
  torch::manual_seed(3);
  auto loader = torch::data::make_data_loader(Numbers(50).map(transforms::Stack<>()), 8);
  const auto first = targets(*loader);
  const auto second = targets(*loader);
  EXPECT_NE(first, second);
  for (auto order : {first, second}) {
    std::sort(order.begin(), order.end());
    for (int64_t i = 0; i < 50; ++i) EXPECT_EQ(order[static_cast<size_t>(i)], 10 * i);
  }
  torch::manual_seed(3);
  auto again = torch::data::make_data_loader(Numbers(50).map(transforms::Stack<>()), 8);
  EXPECT_EQ(targets(*again), first);
}

TEST(TorchDataLoader, DropsAShortLastBatchWhenTold) {
  auto loader = torch::data::make_data_loader<samplers::SequentialSampler>(
      Numbers(7).map(transforms::Stack<>()),
      torch::data::DataLoaderOptions().batch_size(3).drop_last(true));
  EXPECT_EQ(targets(*loader).size(), 6U);
  EXPECT_EQ(loader->options().batch_size(), 3U);
}

TEST(TorchDataLoader, GivesTheSameBatchesWithWorkers) {
  // Noise is drawn inside get(): it must not depend on which thread runs it.
  struct Noisy : datasets::Dataset<Noisy> {
    torch::data::Example<> get(size_t index) override {
      return {torch::randn({3}), torch::tensor(static_cast<int64_t>(index))};
    }
    torch::optional<size_t> size() const override { return 40; }
  };
  const auto all = [](size_t workers) {
    torch::manual_seed(5);
    auto loader = torch::data::make_data_loader(
        Noisy().map(transforms::Stack<>()),
        torch::data::DataLoaderOptions(4).workers(workers).max_jobs(6));
    std::vector<torch::Tensor> batches;
    for (auto& batch : *loader) batches.push_back(batch.data);
    return torch::cat(batches);
  };
  const torch::Tensor alone = all(0);
  EXPECT_TRUE(same_bits(all(3), alone));
  EXPECT_TRUE(same_bits(all(1), alone));
}

TEST(TorchDataLoader, CallsADataSetFromOneThreadAtATime) {
  // Two calls at once on one copy would find it busy.
  struct Busy : datasets::Dataset<Busy> {
    torch::data::Example<> get(size_t index) override {
      EXPECT_FALSE(std::exchange(busy, true));
      std::this_thread::yield();
      buffer = torch::full({64}, static_cast<int64_t>(index), torch::kFloat);
      busy = false;
      return {buffer, torch::tensor(static_cast<int64_t>(index))};
    }
    torch::optional<size_t> size() const override { return 64; }
    bool busy = false;
    torch::Tensor buffer;
  };
  auto loader = torch::data::make_data_loader(Busy().map(transforms::Stack<>()),
                                              torch::data::DataLoaderOptions(2).workers(4));
  int64_t seen = 0;
  for (auto& batch : *loader) {
    EXPECT_TRUE(same_bits(batch.data.select(1, 0), batch.target.to(torch::kFloat)));
    seen += batch.data.size(0);
  }
  EXPECT_EQ(seen, 64);
}

TEST(TorchDataLoader, GivesUnstackedExamplesOfDifferentSizes) {
  struct Ragged : datasets::Dataset<Ragged> {
    torch::data::Example<> get(size_t index) override {
      const auto i = static_cast<int64_t>(index);
      return {torch::ones({i}), torch::tensor(i)};
    }
    torch::optional<size_t> size() const override { return 5; }
  };
  auto loader = torch::data::make_data_loader<samplers::SequentialSampler>(
      Ragged(), torch::data::DataLoaderOptions(2).workers(2));
  std::vector<int64_t> lengths;
  for (auto& batch : *loader) {
    for (auto& example : batch) lengths.push_back(example.data.size(0));
  }
  EXPECT_EQ(lengths, (std::vector<int64_t>{0, 1, 2, 3, 4}));
}

TEST(TorchDataLoader, EndsEarlyAndBeginsAgain) {
  auto loader = torch::data::make_data_loader<samplers::SequentialSampler>(
      Numbers(20).map(transforms::Stack<>()), torch::data::DataLoaderOptions(2).workers(2));
  for (auto& batch : *loader) {
    if (batch.target[0].item<int64_t>() == 40) break;
  }
  EXPECT_EQ((*loader->begin()).target[0].item<int64_t>(), 0);
  EXPECT_EQ(loader->begin()->data.size(0), 2);
  EXPECT_EQ(targets(*loader).size(), 20U);
}

TEST(TorchDataLoader, NamesTheExampleThatFailed) {
  struct Broken : datasets::Dataset<Broken> {
    torch::data::Example<> get(size_t index) override {
      TORCH_CHECK(index != 5, "no file for ", index);
      return {torch::ones({1}), torch::ones({1})};
    }
    torch::optional<size_t> size() const override { return 8; }
  };
  auto loader = torch::data::make_data_loader<samplers::SequentialSampler>(
      Broken().map(transforms::Stack<>()), 2);
  std::string text;
  int batches = 0;
  try {
    for (auto& batch : *loader) batches += batch.data.defined() ? 1 : 0;
  } catch (const WorkerError& error) {
    text = error.what();
  }
  EXPECT_EQ(batches, 2);
  EXPECT_TRUE(text.starts_with("batch 2 (no worker): no file for 5")) << text;
}

TEST(TorchDataLoader, RefusesADataSetWithoutASize) {
  struct Endless : datasets::Dataset<Endless> {
    torch::data::Example<> get(size_t) override { return {}; }
    torch::optional<size_t> size() const override { return torch::nullopt; }
  };
  EXPECT_TRUE(fails_with<ValueError>([] { torch::data::make_data_loader(Endless(), 2); },
                                     "make_data_loader: the data set's size() is empty"));
}

TEST(TorchTransforms, ApplyInTheOrderOfTheirMaps) {
  using Example = torch::data::Example<>;
  auto dataset = Numbers(3)
                     .map(transforms::Lambda<Example>([](Example example) {
                       example.target = example.target + 1;
                       return example;
                     }))
                     .map(transforms::TensorLambda<>([](torch::Tensor x) { return x * 2; }))
                     .map(transforms::Stack<>())
                     .map(transforms::BatchLambda<Example>([](Example batch) {
                       return Example{batch.data.flip({1}), batch.target};
                     }));
  EXPECT_EQ(dataset.size().value(), 3U);
  const Example batch = dataset.get_batch({2, 1});
  EXPECT_EQ(batch.data.to_vector<int>(), (std::vector<int>{4, 4, 2, 2}));
  EXPECT_EQ(batch.target.to_vector<int>(), (std::vector<int>{21, 11}));
}

TEST(TorchNormalize, TakesANumberOrOneForEachChannel) {
  const torch::Tensor x = torch::arange(8, torch::kFloat).view({2, 2, 2});
  EXPECT_TRUE(same_bits(transforms::Normalize<>(1.0, 2.0)(x), (x - 1) / 2));
  const torch::Tensor y = transforms::Normalize<>({0.0, 4.0}, {1.0, 2.0})(x);
  EXPECT_TRUE(same_bits(y, torch::stack({x[0], (x[1] - 4) / 2})));
}

TEST(TorchTensorDataset, GivesTheRowsOfATensor) {
  const torch::Tensor rows = torch::arange(6, torch::kFloat).view({3, 2});
  auto loader = torch::data::make_data_loader<samplers::SequentialSampler>(
      datasets::TensorDataset(rows).map(transforms::Stack<torch::data::TensorExample>()), 2);
  std::vector<torch::Tensor> batches;
  for (auto& batch : *loader) batches.push_back(batch.data);
  EXPECT_TRUE(same_bits(torch::cat(batches), rows));
}

TEST(TorchMnist, HasTheImagesInZeroToOne) {
  const std::string root = TARN_SOURCE_DIR "/data/mnist-sample";
  datasets::MNIST test(root, datasets::MNIST::Mode::kTest);
  EXPECT_FALSE(test.is_train());
  EXPECT_EQ(test.size().value(), 500U);
  EXPECT_EQ(datasets::MNIST(root).size().value(), 2000U);
  const auto example = test.get(3);
  EXPECT_EQ(example.data.sizes(), Shape({1, 28, 28}));
  EXPECT_EQ(example.target.dtype(), torch::kLong);
  const tarn::data::MNIST files(root, {.train = false});
  EXPECT_TRUE(same_bits(example.data[0], files.images()[3].to(torch::kFloat) / 255));
  EXPECT_EQ(test.images().max().item<float>(), 1);
  EXPECT_EQ(example.target.item<int>(), files.targets()[3].item<int>());
  EXPECT_THROW(datasets::MNIST("/nonexistent"), IoError);
}

TEST(TorchSamplers, GiveTheirIndicesInPieces) {
  samplers::SequentialSampler in_order(5);
  EXPECT_EQ(*in_order.next(3), (std::vector<size_t>{0, 1, 2}));
  EXPECT_EQ(*in_order.next(3), (std::vector<size_t>{3, 4}));
  EXPECT_FALSE(in_order.next(3).has_value());
  EXPECT_EQ(in_order.index(), 5U);
  in_order.reset(2);
  EXPECT_EQ(*in_order.next(9), (std::vector<size_t>{0, 1}));
}

std::vector<size_t> all_of(samplers::Sampler<>& sampler) {
  std::vector<size_t> all;
  while (const auto part = sampler.next(3)) all.insert(all.end(), part->begin(), part->end());
  return all;
}

TEST(TorchDistributedSamplers, ShareAnEpochAmongProcesses) {
  for (const bool duplicates : {false, true}) {
    std::multiset<size_t> seen;
    for (size_t rank = 0; rank < 3; ++rank) {
      samplers::DistributedRandomSampler sampler(10, 3, rank, duplicates);
      const auto part = all_of(sampler);
      EXPECT_EQ(part.size(), duplicates ? 4U : 3U);
      seen.insert(part.begin(), part.end());
      sampler.set_epoch(1);
      sampler.reset();
      EXPECT_NE(all_of(sampler), part);
    }
    const std::set<size_t> distinct(seen.begin(), seen.end());
    EXPECT_EQ(distinct.size(), duplicates ? 10U : 9U);
  }
  samplers::DistributedSequentialSampler second(10, 2, 1, false);
  EXPECT_EQ(all_of(second), (std::vector<size_t>{5, 6, 7, 8, 9}));
  EXPECT_TRUE(fails_with<ValueError>([] { samplers::DistributedRandomSampler bad(10, 2, 2); },
                                     "DistributedSampler: rank = 2"));
}

TEST(TorchDataLoader, TakesASamplerOfTheProgramsOwn) {
  // Every other example, backwards.
  struct Backwards : samplers::Sampler<> {
    explicit Backwards(size_t size) : size_(size) {}
    void reset(torch::optional<size_t> size) override { next_ = size.value_or(size_); }
    torch::optional<std::vector<size_t>> next(size_t count) override {
      std::vector<size_t> part;
      for (; next_ >= 2 && part.size() < count; next_ -= 2) part.push_back(next_ - 1);
      if (part.empty()) return torch::nullopt;
      return part;
    }
    size_t size_;
    size_t next_ = 0;
  };
  auto loader =
      torch::data::make_data_loader(Numbers(6).map(transforms::Stack<>()), Backwards(6), 2);
  EXPECT_EQ(targets(*loader), (std::vector<int64_t>{50, 30, 10}));
  samplers::DistributedRandomSampler half(6, 2, 0, false);
  auto distributed = torch::data::make_data_loader(Numbers(6).map(transforms::Stack<>()), half, 2);
  EXPECT_EQ(targets(*distributed).size(), 3U);
}

TEST(TorchDataLoader, VisitsOnlyTheExamplesOfASmallerSampler) {
  auto loader = torch::data::make_data_loader(Numbers(10).map(transforms::Stack<>()),
                                              samplers::SequentialSampler(3), 2);
  EXPECT_EQ(targets(*loader), (std::vector<int64_t>{0, 10, 20}));
  EXPECT_EQ(targets(*loader), (std::vector<int64_t>{0, 10, 20}));
}

// A whole program in libtorch's style, on the digits that come with the sources.
struct DigitsNet : torch::nn::Module {
  DigitsNet() : conv(torch::nn::Conv2dOptions(1, 8, /*kernel_size=*/5)), fc(8 * 12 * 12, 10) {
    register_module("conv", conv);
    register_module("fc", fc);
  }
  torch::Tensor forward(torch::Tensor x) {
    x = torch::relu(torch::max_pool2d(conv->forward(x), 2));
    return torch::log_softmax(fc->forward(x.view({-1, 8 * 12 * 12})), /*dim=*/1);
  }
  torch::nn::Conv2d conv;
  torch::nn::Linear fc;
};

TEST(TorchProgram, LearnsDigits) {
  torch::manual_seed(1);
  const std::string root = TARN_SOURCE_DIR "/data/mnist-sample";
  const auto loader_of = [&](datasets::MNIST::Mode mode, int64_t batch_size) {
    auto dataset = datasets::MNIST(root, mode)
                       .map(transforms::Normalize<>(0.1307, 0.3081))
                       .map(transforms::Stack<>());
    return torch::data::make_data_loader(std::move(dataset), batch_size);
  };
  auto train = loader_of(datasets::MNIST::Mode::kTrain, 50);
  auto test = loader_of(datasets::MNIST::Mode::kTest, 500);
  DigitsNet model;
  torch::optim::SGD optimizer(model.parameters(), torch::optim::SGDOptions(0.05).momentum(0.5));
  for (int epoch = 0; epoch < 2; ++epoch) {
    for (auto& batch : *train) {
      optimizer.zero_grad();
      auto loss = torch::nll_loss(model.forward(batch.data), batch.target);
      loss.backward();
      optimizer.step();
    }
  }
  torch::NoGradGuard no_grad;
  model.eval();
  int64_t correct = 0;
  for (const auto& batch : *test) {
    auto pred = model.forward(batch.data).argmax(1);
    correct += pred.eq(batch.target).sum().item<int64_t>();
  }
  std::cout << correct << " of 500 right\n";
  EXPECT_GT(correct, 425);
}

}  // namespace
}  // namespace tarn
