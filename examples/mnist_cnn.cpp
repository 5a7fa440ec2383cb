// Trains a small convolutional network on MNIST, of the size that the PyTorch C++ examples train
// (21,840 parameters), to more than 99 % test accuracy.
//
//   mnist_cnn [--data DIR] [--epochs N] [--batch-size N] [--lr X] [--momentum X] [--seed N]
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include <CLI/CLI.hpp>

#include <tarn/tarn.h>

#include "mnist_mlp/evaluation.h"
#include "mnist_mlp/number_format.h"
#include "mnist_mlp/weights_hash.h"

using namespace tarn;

namespace {

struct CNN : nn::Module {
  nn::Conv2d& conv1 = add("conv1", nn::Conv2d(1, 10, {.kernel_size = 5}));
  nn::Conv2d& conv2 = add("conv2", nn::Conv2d(10, 20, {.kernel_size = 5}));
  nn::Dropout2d& drop2 = add("drop2", nn::Dropout2d(0.1));
  nn::Linear& fc1 = add("fc1", nn::Linear(320, 50));
  nn::Dropout& drop3 = add("drop3", nn::Dropout(0.1));
  nn::Linear& fc2 = add("fc2", nn::Linear(50, 10));

  // x [N, 1, 28, 28] gives logits [N, 10]
  Tensor forward(const Tensor& x) override {
    Tensor h = relu(max_pool2d(conv1(x), {.kernel_size = 2}));  // [N, 10, 12, 12]
    h = relu(max_pool2d(drop2(conv2(h)), {.kernel_size = 2}));  // [N, 20, 4, 4]
    return fc2(drop3(relu(fc1(flatten(h, 1)))));
  }
};

struct Settings {
  std::string data = "data/mnist";
  std::int64_t epochs = 10;
  std::int64_t batch_size = 64;
  double lr = 0.05;
  double momentum = 0.9;
  std::uint64_t seed = 0;
};

double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void train(const Settings& s) {
  manual_seed(s.seed);
  const data::MNIST train_set(s.data, {.train = true, .flatten = false});
  const data::MNIST test_set(s.data, {.train = false, .flatten = false});
  data::DataLoader loader(train_set, {.batch_size = s.batch_size});
  CNN model;
  std::printf("%s\n%s parameters\n\n", to_string(model).c_str(),
              with_commas(model.num_parameters()).c_str());
  optim::SGD sgd(model.parameters(), {.lr = s.lr, .momentum = s.momentum});
  optim::CosineAnnealingLR schedule(sgd, {.T_max = s.epochs});

  for (std::int64_t epoch = 1; epoch <= s.epochs; ++epoch) {
    const double start = seconds();
    double loss_sum = 0;
    for (auto& [x, y] : loader) {
      sgd.zero_grad();
      const Tensor loss = cross_entropy(model(x), y);
      loss.backward();
      sgd.step();
      loss_sum += loss.item() * static_cast<double>(x.size(0));
    }
    if (!std::isfinite(loss_sum))
      throw ValueError(str("the loss is no longer finite in epoch ", epoch, ": lower --lr"));
    schedule.step();
    const double elapsed = seconds() - start;
    const auto predictions = evaluate(model, test_set);
    std::printf("epoch %lld/%lld  loss %s  test loss %s  test accuracy %s  %s\n",
                static_cast<long long>(epoch), static_cast<long long>(s.epochs),
                format_loss(loss_sum / static_cast<double>(train_set.size())).c_str(),
                format_loss(mean_loss(predictions)).c_str(),
                format_percent(accuracy(predictions)).c_str(), format_seconds(elapsed).c_str());
    std::fflush(stdout);
  }
  std::printf("weights  %s\n", weights_hash(model).c_str());
}

}  // namespace

int main(int argc, char** argv) {
  Settings s;
  CLI::App app("Trains a convolutional network on MNIST");
  app.add_option("--data", s.data, "folder with the four MNIST files")->capture_default_str();
  app.add_option("--epochs", s.epochs, "passes through the training examples")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--batch-size", s.batch_size, "examples per update")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--lr", s.lr, "learning rate, falling to 0 along half a cosine")
      ->capture_default_str();
  app.add_option("--momentum", s.momentum, "0: plain SGD")->capture_default_str();
  app.add_option("--seed", s.seed, "of weights, shuffles and dropout")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    train(s);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "mnist_cnn: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
