// The order of the examples: a toy whose noise is known exactly, and digits sorted by label.

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

#include <tarn/tarn.h>

#include "../../mnist_mlp/evaluation.h"
#include "../experiment.h"
#include "../statistics.h"

using namespace tarn;

namespace {

constexpr std::int64_t kExamples = 32;
constexpr double kLr = 0.05;

using Order = std::shared_ptr<const data::Sampler>;

/// f_i(x) = (x - a_i)² / 2: the mean square of x at the ends of epochs, where mean(a) = 0.
double epoch_end_variance(const Tensor& a, const Order& order, std::int64_t batch_size,
                          std::int64_t epochs) {
  const data::TensorDataset examples(a, a);
  data::DataLoader loader(examples, {.batch_size = batch_size, .sampler = order});
  const Tensor x = zeros({}, {.dtype = kFloat64, .requires_grad = true});
  optim::SGD sgd({x}, {.lr = kLr});
  double sum = 0;
  for (std::int64_t epoch = -20; epoch < epochs; ++epoch) {
    for (auto& [batch, unused] : loader) {
      sgd.zero_grad();
      const Tensor loss = 0.5 * square(x - batch).mean();
      loss.backward();
      sgd.step();
    }
    if (epoch >= 0) sum += x.item() * x.item();
  }
  return sum / static_cast<double>(epochs);
}

/// Var at epoch ends under reshuffling: the K batch means of an epoch add up to 0, so only what
/// the weights w_j = (1-η)^j of the updates differ from their mean counts.
double reshuffled_variance(double s2, std::int64_t batch_size) {
  const auto k = static_cast<double>(kExamples / batch_size);
  const double v = s2 / static_cast<double>(batch_size) *
                   static_cast<double>(kExamples - batch_size) / (kExamples - 1);
  double mean = 0;
  double squares = 0;
  for (double j = 0; j < k; ++j) {
    mean += std::pow(1 - kLr, j) / k;
    squares += std::pow(1 - kLr, 2 * j);
  }
  return kLr * kLr * v * k / (k - 1) * (squares - k * mean * mean) / (1 - std::pow(1 - kLr, 2 * k));
}

/// Test accuracy after training on digits sorted by label, visited in `order`.
double sorted_digits(const data::MNIST& train, const data::MNIST& test, const Order& order,
                     int epochs) {
  const auto labels = train.targets().to_vector<std::int64_t>();
  std::vector<std::int64_t> by_label(labels.size());
  std::iota(by_label.begin(), by_label.end(), 0);
  std::stable_sort(by_label.begin(), by_label.end(),
                   [&](auto i, auto j) { return labels[i] < labels[j]; });
  const data::Subset sorted(train, by_label);
  data::DataLoader loader(sorted, {.batch_size = 20, .sampler = order});
  nn::Sequential mlp(nn::Linear(784, 32), nn::ReLU(), nn::Linear(32, 10));
  optim::SGD sgd(mlp.parameters(), {.lr = 0.05});
  for (int epoch = 0; epoch < epochs; ++epoch) {
    for (auto& [x, y] : loader) {
      sgd.zero_grad();
      cross_entropy(mlp(x), y).backward();
      sgd.step();
    }
  }
  return accuracy(evaluate(mlp, test));
}

Findings run(const Conditions& lab) {
  const std::vector<std::pair<std::string, Order>> orders{
      {"in the data's order", std::make_shared<data::SequentialSampler>()},
      {"shuffled once", std::make_shared<data::ShuffleOnceSampler>()},
      {"reshuffled", std::make_shared<data::RandomSampler>()},
      {"with replacement", std::make_shared<data::ReplacementSampler>()}};
  Findings findings;

  Tensor a = randn({kExamples}, {.dtype = kFloat64});
  a = a - a.mean();
  const double s2 = square(a).mean().item();
  const std::int64_t epochs = lab.either(4000, 20'000);
  Table toy({"batches", "B", "variance at epoch ends", "theory", "ratio"});
  for (const std::int64_t b : {1, 4}) {
    const double with = epoch_end_variance(a, orders[3].second, b, epochs);
    const double with_theory = kLr * s2 / (static_cast<double>(b) * (2 - kLr));
    const double reshuffled = epoch_end_variance(a, orders[2].second, b, epochs);
    const double theory = reshuffled_variance(s2, b);
    toy.row("with replacement", b, with, with_theory, with / with_theory);
    toy.row("reshuffled", b, reshuffled, theory, reshuffled / theory);
    findings
        .verdict(within(str("with replacement over theory, B = ", b), with / with_theory, 1, 0.1))
        .verdict(within(str("reshuffled over theory, B = ", b), reshuffled / theory, 1, 0.1))
        .verdict(at_least(str("gain by reshuffling, B = ", b), with / reshuffled, b == 1 ? 4 : 50));
    lab.progress(0.2 * static_cast<double>(b));
  }

  const data::MNIST train(lab.data);
  const data::MNIST test(lab.data, {.train = false});
  Table digits({"digits sorted by label, visited", "test accuracy %", "standard error"});
  std::vector<double> means;
  for (const auto& [name, order] : orders) {
    std::vector<double> runs;
    for (int i = 0; i < 5; ++i) runs.push_back(100 * sorted_digits(train, test, order, 3));
    const optim::Estimate result = estimate(runs);
    digits.row(name, result.value, result.standard_error);
    means.push_back(result.value);
    lab.progress(0.8);
  }
  findings
      .text(
          "A toy first, 32 examples f_i(x) = (x - a_i)²/2 with η = 0.05, where everything can be "
          "computed. Draws with replacement leave the variance η s² / (B (2 - η)). Under "
          "reshuffling every example counts once per epoch, the noise of an epoch nearly cancels, "
          "and theory is exact too: η² v K/(K-1) sum_j (w_j - w̄)² / (1 - (1-η)^{2K}) with K = N/B, "
          "w_j = (1-η)^j and v = s²/B · (N-B)/(N-1).")
      .table(toy)
      .text(
          "Then digits sorted by label: in that order the network sees only zeros, then only ones, "
          "and at the end of each epoch knows little but nines. Any shuffling repairs it.")
      .table(digits)
      .verdict(at_least("accuracy lost by not shuffling sorted digits, in points",
                        means[2] - means[0], 10))
      .verdict(at_most("reshuffling against shuffling once, in points",
                       std::abs(means[2] - means[1]), 3));
  return findings;
}

}  // namespace

namespace lab {
extern const Experiment shuffling;
const Experiment shuffling{"shuffling", "Shuffling", "Shuffling matters",
                           "What does the order of the examples change?", run};
}  // namespace lab
