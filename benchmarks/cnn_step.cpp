// Milliseconds of a training step of convolutional networks on 64 random images: median and
// minimum. cnn_step.py does the same with PyTorch.
//
//   cnn_step [--threads N] [--steps N]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <vector>

#include <CLI/CLI.hpp>

#include <tarn/tarn.h>

namespace {

using namespace tarn;

// 21,840 parameters, as examples/mnist_cnn
nn::Sequential small() {
  return nn::Sequential(nn::Conv2d(1, 10, {.kernel_size = 5}), nn::MaxPool2d({.kernel_size = 2}),
                        nn::ReLU(), nn::Conv2d(10, 20, {.kernel_size = 5}), nn::Dropout2d(),
                        nn::MaxPool2d({.kernel_size = 2}), nn::ReLU(), nn::Flatten(),
                        nn::Linear(320, 50), nn::ReLU(), nn::Dropout(), nn::Linear(50, 10));
}

// 1,199,882 parameters
nn::Sequential large() {
  return nn::Sequential(nn::Conv2d(1, 32, {.kernel_size = 3}), nn::ReLU(),
                        nn::Conv2d(32, 64, {.kernel_size = 3}), nn::ReLU(),
                        nn::MaxPool2d({.kernel_size = 2}), nn::Flatten(), nn::Linear(9216, 128),
                        nn::ReLU(), nn::Linear(128, 10));
}

nn::Sequential large_with_batch_norm() {
  return nn::Sequential(nn::Conv2d(1, 32, {.kernel_size = 3}), nn::BatchNorm2d(32), nn::ReLU(),
                        nn::Conv2d(32, 64, {.kernel_size = 3}), nn::BatchNorm2d(64), nn::ReLU(),
                        nn::MaxPool2d({.kernel_size = 2}), nn::Flatten(), nn::Linear(9216, 128),
                        nn::ReLU(), nn::Linear(128, 10));
}

void measure(const char* name, nn::Sequential model, int steps) {
  optim::SGD sgd(model.parameters(), {.lr = 0.01, .momentum = 0.9});
  const Tensor x = randn({64, 1, 28, 28});
  const Tensor y = randint(0, 10, {64});
  std::vector<double> times;
  for (int i = 0; i < steps; ++i) {
    const auto start = std::chrono::steady_clock::now();
    sgd.zero_grad();
    cross_entropy(model(x), y).backward();
    sgd.step();
    const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - start;
    times.push_back(time.count());
  }
  std::sort(times.begin(), times.end());
  std::printf("tarn   %-22s %8.2f  %8.2f ms\n", name, times[times.size() / 2], times.front());
}

}  // namespace

int main(int argc, char** argv) {
  int threads = 1;
  int steps = 30;
  CLI::App app("Milliseconds of a training step of convolutional networks: median, minimum");
  app.add_option("--threads", threads, "threads")->capture_default_str();
  app.add_option("--steps", steps, "steps of each network")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    set_num_threads(threads);
    measure("small", small(), steps);
    measure("large", large(), steps);
    measure("large with batch norm", large_with_batch_norm(), steps);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "cnn_step: %s\n", error.what());
    return 1;
  }
}
