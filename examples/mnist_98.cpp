// How much training 98 % test accuracy on MNIST takes: seconds until the test set says so, for
// several seeds.
//
//   mnist_98 [--data DIR] [--seeds N] [--hidden N] [--epochs N] [--batch-size N] [--lr X] ...
//
// SGD with Nesterov's momentum, on a one-cycle schedule (Smith & Topin 2018) that ends after a few
// epochs. The test set is looked at after each of them, outside the time that counts. The numbers
// were chosen with it, so that they say what is possible, not how well the network generalises.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <tarn/tarn.h>

#include "mnist_mlp/evaluation.h"
#include "mnist_mlp/number_format.h"

using namespace tarn;

namespace {

struct Settings {
  std::string data = "data/mnist";
  int seeds = 5;
  std::int64_t hidden = 144;
  std::int64_t epochs = 3;
  std::int64_t batch_size = 96;
  double lr = 0.08;
  double momentum = 0.9;
  double warmup = 0.2;
  double target = 0.98;
};

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Seconds of training until the target was reached; less than 0 if it was not.
double train(const Settings& s, std::uint64_t seed, const data::MNIST& train_set,
             const data::MNIST& test_set) {
  manual_seed(seed);
  data::DataLoader loader(train_set, {.batch_size = s.batch_size});
  nn::Sequential model(nn::Linear(784, s.hidden), nn::ReLU(), nn::Linear(s.hidden, 10));
  optim::SGD sgd(model.parameters(), {.lr = s.lr, .momentum = s.momentum, .nesterov = true});
  optim::OneCycleLR schedule(sgd, {.total_steps = s.epochs * loader.size(),
                                   .pct_start = s.warmup,
                                   .anneal_strategy = optim::AnnealStrategy::linear,
                                   .cycle_momentum = false});
  double seconds = 0;
  for (std::int64_t epoch = 1; epoch <= s.epochs; ++epoch) {
    const double start = now();
    for (auto& [x, y] : loader) {
      sgd.zero_grad();
      cross_entropy(model(x), y).backward();
      sgd.step();
      schedule.step();
    }
    seconds += now() - start;
    const double reached = accuracy(evaluate(model, test_set));
    std::printf("  %s", format_percent(reached).c_str());
    if (reached >= s.target) return seconds;
  }
  return -1;
}

void run(const Settings& s) {
  const data::MNIST train_set(s.data, {.train = true});
  const data::MNIST test_set(s.data, {.train = false});
  std::vector<double> times;
  for (int seed = 0; seed < s.seeds; ++seed) {
    std::printf("seed %d: test accuracy", seed);
    const double seconds = train(s, static_cast<std::uint64_t>(seed), train_set, test_set);
    if (seconds < 0) {
      std::printf(": not reached\n");
    } else {
      std::printf(" in %.3f s\n", seconds);
      times.push_back(seconds);
    }
  }
  // Those that did not arrive count as slower than all others.
  std::sort(times.begin(), times.end());
  const auto middle = static_cast<std::size_t>(s.seeds / 2);
  if (middle < times.size()) {
    std::printf("median: %.3f s of training\n", times[middle]);
  } else {
    std::printf("median: not reached\n");
  }
}

}  // namespace

int main(int argc, char** argv) {
  Settings s;
  CLI::App app("Seconds of training that a test accuracy on MNIST takes");
  app.add_option("--data", s.data, "folder with the IDX files")->capture_default_str();
  app.add_option("--seeds", s.seeds, "runs")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--hidden", s.hidden, "units of the hidden layer")->capture_default_str();
  app.add_option("--epochs", s.epochs, "length of the schedule")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--batch-size", s.batch_size, "examples in a batch")->capture_default_str();
  app.add_option("--lr", s.lr, "learning rate at its peak")->capture_default_str();
  app.add_option("--momentum", s.momentum, "Nesterov's momentum")->capture_default_str();
  app.add_option("--warmup", s.warmup, "part of the schedule that goes up")->capture_default_str();
  app.add_option("--target", s.target, "test accuracy to reach")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    run(s);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "mnist_98: %s\n", error.what());
    return 1;
  }
}
