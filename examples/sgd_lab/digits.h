#pragma once

#include <cstdint>
#include <string>

#include <tarn/tarn.h>

// What the experiments on MNIST's digits share.

struct Digits {
  explicit Digits(const std::string& folder) : train(folder), test(folder, {.train = false}) {}
  tarn::data::MNIST train, test;
};

/// The first `count` examples. `examples` must outlive it.
tarn::data::Subset first(const tarn::data::Dataset& examples, std::int64_t count);

/// The cross entropies of single examples, for an optim::Objective.
tarn::Tensor cross_entropies(const tarn::Tensor& output, const tarn::Tensor& target);

/// One pass through the data: the section's loop.
void train_epoch(tarn::nn::Module& model, tarn::optim::SGD& sgd, tarn::data::DataLoader& loader);
