// "If you double the batch size, double the learning rate": exactly on a toy, and on digits up to
// where it breaks.

#include <algorithm>
#include <cmath>

#include <tarn/tarn.h>

#include "../../mnist_mlp/evaluation.h"
#include "../digits.h"
#include "../experiment.h"
#include "../statistics.h"

using namespace tarn;

namespace {

constexpr double kLr = 0.05;  // for B = 32

/// f_i(x) = (x - a_i)²/2, a ~ N(0, 1), 4,000 runs at once: the variance of x once it has settled.
double settled_variance(double lr, std::int64_t batch_size, std::int64_t steps) {
  const Tensor x = zeros({4000}, {.dtype = kFloat64, .requires_grad = true});
  optim::SGD sgd({x}, {.lr = lr});
  double sum = 0;
  for (std::int64_t t = 0; t < 2 * steps; ++t) {
    const Tensor a = randn({4000}, {.dtype = kFloat64}) / std::sqrt(double(batch_size));
    sgd.zero_grad();
    const Tensor loss = 0.5 * square(x - a).sum();
    loss.backward();
    sgd.step();
    if (t >= steps) sum += square(x.detach()).mean().item() / static_cast<double>(steps);
  }
  return sum;
}

/// The training loss after each epoch, mean of `seeds` runs.
std::vector<double> losses(const data::Dataset& train, std::int64_t batch_size, double lr,
                           int epochs, int seeds) {
  std::vector<double> result(static_cast<std::size_t>(epochs), 0.0);
  for (int seed = 0; seed < seeds; ++seed) {
    manual_seed(static_cast<std::uint64_t>(seed));  // the same initial weights for all
    nn::Sequential mlp(nn::Linear(784, 64), nn::ReLU(), nn::Linear(64, 10));
    optim::SGD sgd(mlp.parameters(), {.lr = lr});
    data::DataLoader loader(train, {.batch_size = batch_size});
    for (double& loss : result) {
      train_epoch(mlp, sgd, loader);
      loss += mean_loss(evaluate(mlp, train)) / seeds;
    }
  }
  return result;
}

/// The largest relative difference from the second epoch on.
double deviation(const std::vector<double>& a, const std::vector<double>& reference) {
  double worst = 0;
  for (std::size_t i = 1; i < a.size(); ++i) {
    worst = std::max(worst, std::abs(a[i] / reference[i] - 1));
  }
  return worst;
}

struct Landscape {
  double noise_scale;  ///< tr Σ / |G|²
  double largest_lr;   ///< 2 / the largest curvature: gradient descent is unstable above it
};

/// Halfway through training with B = 32.
Landscape survey(const data::Dataset& train, int epochs) {
  nn::Sequential mlp(nn::Linear(784, 64), nn::ReLU(), nn::Linear(64, 10));
  optim::SGD sgd(mlp.parameters(), {.lr = kLr});
  data::DataLoader loader(train, {.batch_size = 32});
  for (int epoch = 0; epoch < (epochs + 1) / 2; ++epoch) train_epoch(mlp, sgd, loader);
  const optim::Objective loss(mlp, cross_entropies, first(train, 1000));
  const auto sharpest = optim::hessian_eigenvalues(loss, {.max_iterations = 30, .tolerance = 0.01});
  return {optim::gradient_variance(loss).noise_scale(), 2 / sharpest[0].value};
}

Findings run(const Conditions& lab) {
  Findings findings;
  Table toy({"η → 2η, B → 2B", "variance grows by", "theory (2-η)/(2-2η)"});
  for (const double lr : {0.1, 0.3, 0.5}) {
    const auto steps = lab.either<std::int64_t>(400, 2000);
    const double ratio = settled_variance(2 * lr, 2, steps) / settled_variance(lr, 1, steps);
    const double theory = (2 - lr) / (2 - 2 * lr);
    toy.row(lr, ratio, theory);
    findings.verdict(within(str("toy, η = ", lr, ": growth of the variance"), ratio, theory, 0.02));
  }
  lab.progress(0.1);

  // Pixels in 0..1: centred and scaled to variance 1 they would make the loss far sharper.
  const data::MNIST digits(lab.data, {.mean = 0, .std = 1});
  // No short last batch up to B = 256: its few examples would move the weights by a full η.
  const data::Subset train = first(digits, digits.size() / 256 * 256);
  const int epochs = lab.either(6, 4);
  const int seeds = lab.either(15, 5);
  std::vector<double> epoch;
  for (int i = 1; i <= epochs; ++i) epoch.push_back(i);
  const auto reference = losses(train, 32, kLr, epochs, seeds);
  Plot plot({.title = "Rate in proportion to the batch size",
             .x = "epoch",
             .y = "training loss",
             .log_y = true});
  Plot control(
      {.title = "Control: η = 0.05 for all", .x = "epoch", .y = "training loss", .log_y = true});
  plot.line("B = 32, η = 0.05", epoch, reference);
  control.line("B = 32", epoch, reference);
  Table table({"B", "η", "loss differs by", "with η = 0.05 by"});
  table.row(32, kLr, 0, 0);
  std::int64_t holds_to = 32;
  bool held = true;
  double first = 0;
  double unscaled_first = 0;
  for (const std::int64_t b : {64, 128, 256, 512, 1024}) {
    const double lr = optim::scale_lr(kLr, {.from = 32, .to = b}).lr;
    const auto scaled = losses(train, b, lr, epochs, seeds);
    const auto unscaled = losses(train, b, kLr, epochs, seeds);
    plot.line(str("B = ", b, ", η = ", lr), epoch, scaled);
    control.line(str("B = ", b), epoch, unscaled);
    const double by = deviation(scaled, reference);
    table.row(b, lr, by, deviation(unscaled, reference));
    held = held && by <= 0.05;
    if (held) holds_to = b;
    if (b == 64) first = by;
    if (b == 64) unscaled_first = deviation(unscaled, reference);
    lab.progress(0.1 + 0.9 * std::log2(static_cast<double>(b) / 32) / 5);
  }
  const auto [critical, largest_lr] = survey(train, epochs);
  findings
      .text(
          "On a parabola the settled variance is η s²/(B (2 - η)): doubling both multiplies it by "
          "(2 - η)/(2 - 2η), which is 1 for small rates only.")
      .table(toy)
      .text(
          str("On ", train.size(), " digits, means of ", seeds,
              " seeds that start with the same weights. ‘Differs’: the largest relative "
              "difference of the training loss to that of B = 32 from the second epoch on. Their "
              "number is a multiple of 256 on purpose: of 2,000 digits, batches of 64 leave a last "
              "one of 16, whose update at the scaled rate is so noisy that the loss after it was "
              "off by 9%."))
      .plot(plot)
      .plot(control)
      .table(table)
      .text(str("The rule holds within 5% up to B = ", holds_to,
                ". Halfway through, the gradient noise scale is ", shown(critical),
                ", and gradient descent would be unstable from η = ", shown(largest_lr),
                " on, which the rule reaches at B = ", shown(32 * largest_lr / kLr),
                ": the rule ends where the first of the two limits comes."))
      .verdict(at_most("digits: B = 64 with 2η, difference from B = 32", first, 0.05))
      .verdict(at_least("digits: B = 64 without scaling, over that", unscaled_first / first, 3))
      .verdict(at_most("digits: the largest B with which the rule holds, over the noise scale",
                       static_cast<double>(holds_to) / critical, 3));
  return findings;
}

}  // namespace

namespace lab {
extern const Experiment linear_scaling;
const Experiment linear_scaling{"linear_scaling", "The linear scaling rule", "Exercise 4",
                                "Does doubling B require doubling η, and how far does that go?",
                                run};
}  // namespace lab
