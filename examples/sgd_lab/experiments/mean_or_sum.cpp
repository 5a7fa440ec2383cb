// The common mistake: the sum of the examples' losses instead of their mean.

#include <cmath>

#include <tarn/tarn.h>

#include "../experiment.h"

using namespace tarn;

namespace {

struct Run {
  Tensor weights;   ///< in the end
  double loss = 0;  ///< mean over all examples; stops at 10^6
};

/// Linear regression by SGD on losses reduced by `reduction`.
Run train(const data::TensorDataset& examples, Reduction reduction, double lr,
          std::int64_t batch_size, std::uint64_t seed) {
  manual_seed(seed);
  nn::Linear model(8, 1);
  optim::SGD sgd(model.parameters(), {.lr = lr});
  data::DataLoader loader(examples, {.batch_size = batch_size, .drop_last = true});
  Run run;
  for (int updates = 0; updates < 1000 && run.loss < 1e6;) {
    for (auto& [x, y] : loader) {
      sgd.zero_grad();
      mse_loss(model(x).squeeze(1), y, {.reduction = reduction}).backward();
      sgd.step();
      if (++updates == 1000) break;
    }
    NoGradGuard no_grad;
    run.loss = mse_loss(model(examples.data()).squeeze(1), examples.target()).item();
    if (!std::isfinite(run.loss)) run.loss = 1e6;
  }
  run.loss = std::min(run.loss, 1e6);
  run.weights = nn::parameters_to_vector(model.parameters());
  return run;
}

Findings run(const Conditions& lab) {
  const data::TensorDataset examples = data::make_regression(
      {.n = 1024, .weight = {1, -1, 2, 0.5, 0, 1, -2, 1}, .noise = 1, .seed = lab.seed});
  constexpr double kLr = 0.02;
  Table table(
      {"B", "loss, mean", "loss, sum", "η times curvature, mean", "η times curvature, sum"});
  std::vector<double> sizes, means, sums;
  // The loss's curvature: the largest eigenvalue of 2 X'X/N is about 2 for such data.
  for (const std::int64_t b : {1, 2, 4, 8, 16, 32, 64, 128, 256}) {
    const auto size = static_cast<double>(b);
    sizes.push_back(size);
    means.push_back(train(examples, Reduction::mean, kLr, b, lab.seed).loss);
    sums.push_back(train(examples, Reduction::sum, kLr, b, lab.seed).loss);
    table.row(b, means.back(), sums.back(), 2 * kLr, 2 * kLr * size);
  }
  Plot plot(
      log_log("Loss after 1,000 updates with η = 0.02", "batch size B", "loss (stopped at 10⁶)"));
  plot.line("mean of the losses", sizes, means);
  plot.line("sum of the losses", sizes, sums);

  const Run by_sum = train(examples, Reduction::sum, 0.001, 16, lab.seed);
  const Run by_mean = train(examples, Reduction::mean, 0.016, 16, lab.seed);
  Findings findings;
  findings
      .text(
          "The gradient of a sum over B examples is B times that of their mean, so SGD on sums "
          "with "
          "rate η is SGD on means with rate ηB: bit for bit, where B is a power of two. With a "
          "fixed η the sum therefore breaks where ηB times the curvature (here about 2) passes 2, "
          "at B = 50 at the latest, while the mean does not care.")
      .plot(plot)
      .table(table)
      .verdict(exactly("largest difference of weights, sum with η and mean with 16 η, B = 16",
                       (by_sum.weights - by_mean.weights).abs().max().item(), 0))
      .verdict(at_most("mean: worst loss over B (the noise alone costs 1)",
                       *std::max_element(means.begin(), means.end()), 1.5))
      .verdict(at_most("sum: loss with B = 4", sums[2], 1.5))
      .verdict(exactly("sum: loss with B = 64 (diverged)", sums[6], 1e6));
  return findings;
}

}  // namespace

namespace lab {
extern const Experiment mean_or_sum;
const Experiment mean_or_sum{"mean_or_sum", "The mean or the sum of the losses", "Common mistake",
                             "What happens to a learning rate when losses are summed?", run};
}  // namespace lab
