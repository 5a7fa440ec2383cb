#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <tarn/tarn.h>

namespace tarn::testing {

/// Everything that a resumed run must get right, in a model small enough to train thousands of
/// times: batch norm and dropout, Adam with a schedule per step, accumulation of two batches,
/// random shifts of the examples, workers, a short last batch.
struct TrainingRun {
  struct Options {
    int num_workers = 0;
    std::int64_t epochs = 3;
  };

  struct Net : nn::Module {
    nn::Linear& fc1 = add("fc1", nn::Linear(36, 8));
    nn::BatchNorm1d& norm = add("norm", nn::BatchNorm1d(8));
    nn::Dropout& drop = add("drop", nn::Dropout(0.3));
    nn::Linear& fc2 = add("fc2", nn::Linear(8, 3));
    Tensor forward(const Tensor& x) override { return fc2(drop(relu(norm(fc1(x.flatten(1)))))); }
  };

  explicit TrainingRun(const Options& run_options) : options(run_options) {
    manual_seed(7);
    Generator numbers(11);
    images = rand({22, 1, 6, 6}, numbers);
    labels = randint(0, 3, {22}, numbers);
    loader = std::make_unique<data::DataLoader>(
        data::map(data::TensorDataset(images, labels),
                  data::RandomCrop({.height = 6, .width = 6, .padding = 1})),
        data::DataLoaderOptions{.batch_size = 4, .num_workers = options.num_workers});
    model = std::make_unique<Net>();
    adam = std::make_unique<optim::Adam>(model->parameters(), optim::AdamOptions{.lr = 0.05});
    schedule = std::make_unique<optim::CosineAnnealingLR>(
        *adam, optim::CosineAnnealingLROptions{.T_max = 40});
    accumulator =
        std::make_unique<optim::Accumulator>(*adam, optim::AccumulatorOptions{.batch_size = 8});
  }

  io::Parts parts() {
    return {{"model", *model},
            {"optimizer", *adam},
            {"schedule", *schedule},
            {"loader", *loader},
            {"accumulator", *accumulator}};
  }

  /// Trains to the end; calls after_batch(batches so far, loss) and stops where it returns false.
  void train(const std::function<bool(std::int64_t, double)>& after_batch) {
    for (auto epoch = static_cast<std::int64_t>(loader->epoch()); epoch < options.epochs; ++epoch) {
      for (auto& [x, y] : *loader) {
        const Tensor loss = cross_entropy((*model)(x), y);
        if (accumulator->backward(loss, y.size(0))) schedule->step();
        if (!after_batch(++batches, loss.item())) return;
      }
      if (accumulator->flush()) schedule->step();
    }
  }

  Options options;
  Tensor images;
  Tensor labels;
  std::unique_ptr<data::DataLoader> loader;
  std::unique_ptr<Net> model;
  std::unique_ptr<optim::Adam> adam;
  std::unique_ptr<optim::CosineAnnealingLR> schedule;
  std::unique_ptr<optim::Accumulator> accumulator;
  std::int64_t batches = 0;
};

}  // namespace tarn::testing
