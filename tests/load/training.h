#pragma once

#include <cstdint>
#include <vector>

#include <tarn/tarn.h>

namespace tarn::testing {

struct Mlp : nn::Module {
  nn::Linear& fc1 = add("fc1", nn::Linear(784, 100));
  nn::Dropout& drop = add("drop", nn::Dropout(0.2));
  nn::Linear& fc2 = add("fc2", nn::Linear(100, 10));
  Tensor forward(const Tensor& x) override { return fc2(drop(relu(fc1(x.flatten(1))))); }
};

struct Cnn : nn::Module {
  nn::Conv2d& conv1 = add("conv1", nn::Conv2d(1, 8, {.kernel_size = 3}));
  nn::BatchNorm2d& norm = add("norm", nn::BatchNorm2d(8));
  nn::Conv2d& conv2 = add("conv2", nn::Conv2d(8, 8, {.kernel_size = 3}));
  nn::Linear& fc = add("fc", nn::Linear(200, 10));
  Tensor forward(const Tensor& x) override {
    const Tensor y = max_pool2d(relu(norm(conv1(x))), {.kernel_size = 2});
    return fc(max_pool2d(relu(conv2(y)), {.kernel_size = 2}).flatten(1));
  }
};

/// Trains a model of this kind on two epochs of digits, with momentum, clipping and a schedule, and
/// random numbers of its own. Returns everything that it has learnt: parameters, buffers, losses.
template <class Model>
std::vector<Tensor> train(std::uint64_t seed) {
  Generator generator(seed);
  const GeneratorGuard guard(generator);
  const data::MNIST digits(TARN_SOURCE_DIR "/data/mnist-sample",
                           {.train = false, .flatten = false});
  data::DataLoader loader(digits, {.batch_size = 125});
  Model model;
  optim::SGD sgd(model.parameters(), {.lr = 0.05, .momentum = 0.9});
  optim::CosineAnnealingLR schedule(sgd, {.T_max = 8});
  std::vector<Tensor> learnt;
  for (int epoch = 0; epoch < 2; ++epoch) {
    for (auto& [x, y] : loader) {
      sgd.zero_grad();
      const Tensor loss = cross_entropy(model(x), y);
      loss.backward();
      nn::clip_grad_norm_(model, 1.0);
      sgd.step();
      schedule.step();
      learnt.push_back(loss.detach());
    }
  }
  for (const auto& [name, value] : model.state_dict()) learnt.push_back(value.clone());
  return learnt;
}

}  // namespace tarn::testing
