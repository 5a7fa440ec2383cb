// Stochastic gradient descent as one function call: logistic regression on synthetic data, with the
// gradient written by hand, beside full gradient descent. Both see the same number of examples per
// line of the table; SGD makes many small updates of them, gradient descent one.
//
//   sgd_from_scratch [--epochs N] [--batch-size N] [--lr X] [--gd-lr X] [--schedule NAME] [--seed
//   N]
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <tarn/tarn.h>

using namespace tarn;

namespace {

constexpr std::int64_t kTrain = 5000;
constexpr std::int64_t kTest = 2000;
constexpr std::int64_t kFeatures = 20;

struct Settings {
  std::int64_t epochs = 10;
  std::int64_t batch_size = 32;
  double lr = 0.5;
  double gd_lr = 4;  // about 1/L: the curvature of the loss is at most 1/4 for such features
  std::string schedule = "inverse";
  std::uint64_t seed = 0;
};

// x ~ N(0, I), y = 1 with probability sigmoid(x . w): returns {x [n, features], y [n]}.
optim::Examples make_examples(std::int64_t n, const Tensor& w, Generator& generator) {
  const Tensor x = randn({n, kFeatures}, generator, {.dtype = kFloat64});
  const std::vector<double> p = sigmoid(matmul(x, w)).to_vector();
  const std::vector<double> u = rand({n}, generator, {.dtype = kFloat64}).to_vector();
  std::vector<double> y;
  for (std::size_t i = 0; i < p.size(); ++i) y.push_back(u[i] < p[i] ? 1 : 0);
  return {x, from_vector(y, {n})};
}

// -mean(y log s + (1 - y) log(1 - s)) with s = sigmoid(z), without overflow.
Tensor logistic_loss(const Tensor& w, const optim::Examples& batch) {
  const Tensor z = matmul(batch[0], w);
  return (relu(z) - z * batch[1] + log(1 + exp(-abs(z)))).mean();
}

// Its gradient: the mean of x (sigmoid(z) - y).
Tensor logistic_gradient(const Tensor& w, const optim::Examples& batch) {
  const Tensor residual = sigmoid(matmul(batch[0], w)) - batch[1];
  return matmul(batch[0].t(), residual) / static_cast<double>(batch[1].numel());
}

// The part of the examples whose more probable class is the right one.
double accuracy(const Tensor& w, const optim::Examples& examples) {
  const std::vector<double> z = matmul(examples[0], w).to_vector();
  const std::vector<double> y = examples[1].to_vector();
  double right = 0;
  for (std::size_t i = 0; i < z.size(); ++i) right += (z[i] > 0) == (y[i] == 1);
  return right / static_cast<double>(z.size());
}

void print(const optim::SGDResult& stochastic, const optim::SGDResult& full, std::int64_t updates) {
  std::printf("%6s  %19s  %10s  %10s\n", "epoch", "gradients evaluated", "loss: SGD", "loss: GD");
  for (std::size_t epoch = 0; epoch < full.history.size(); ++epoch) {
    std::printf("%6zu  %19lld  %10.6f  %10.6f\n", epoch,
                static_cast<long long>(epoch) * static_cast<long long>(kTrain),
                stochastic.history[epoch], full.history[epoch]);
  }
  std::printf("\nupdates per epoch: SGD %lld, GD 1\n", static_cast<long long>(updates));
}

void run(const Settings& s) {
  Generator generator(s.seed);
  const Tensor truth = randn({kFeatures}, generator, {.dtype = kFloat64});
  const optim::Examples train = make_examples(kTrain, truth, generator);
  const optim::Examples test = make_examples(kTest, truth, generator);
  const Tensor start = zeros({kFeatures}, {.dtype = kFloat64});
  const std::int64_t updates = (kTrain - 1) / s.batch_size + 1;
  const auto schedule =
      optim::make_schedule(s.schedule, {.step_size = 3 * updates, .T_max = s.epochs * updates});

  const optim::SGDResult stochastic = optim::sgd(logistic_loss, logistic_gradient, train, start,
                                                 {.lr = s.lr,
                                                  .schedule = schedule.get(),
                                                  .batch_size = s.batch_size,
                                                  .epochs = s.epochs,
                                                  .seed = s.seed});
  const optim::SGDResult full =
      optim::sgd(logistic_loss, logistic_gradient, train, start,
                 {.lr = s.gd_lr, .batch_size = kTrain, .epochs = s.epochs});
  print(stochastic, full, updates);
  std::printf("test accuracy:     SGD %.2f%%, GD %.2f%%, with the true weights %.2f%%\n",
              100 * accuracy(stochastic.theta, test), 100 * accuracy(full.theta, test),
              100 * accuracy(truth, test));
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app("Mini-batch SGD beside gradient descent on logistic regression");
  app.add_option("--epochs", settings.epochs, "passes through the 5000 examples")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--batch-size", settings.batch_size, "examples per update of SGD")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--lr", settings.lr, "learning rate of SGD")->capture_default_str();
  app.add_option("--gd-lr", settings.gd_lr, "learning rate of gradient descent")
      ->capture_default_str();
  app.add_option("--schedule", settings.schedule,
                 "of SGD's learning rate: constant, sqrt, inverse, step or cosine")
      ->capture_default_str();
  app.add_option("--seed", settings.seed, "of the data and the shuffles")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    run(settings);
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "sgd_from_scratch: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
