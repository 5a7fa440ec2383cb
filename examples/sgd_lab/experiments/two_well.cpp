// Two minima of the same depth: a sharp one at x = 1 and a flat one at x = -1. Example i weighs the
// loss c_i = 0 or 2, each half of the time, so that at the minima no example pulls at all.

#include <cmath>

#include <tarn/tarn.h>

#include "../experiment.h"

using namespace tarn;

namespace {

constexpr double kSharp = 10;
constexpr double kFlat = 1;

/// The mean over the batch of c_i g(x), g(x) = min(sharp (x-1)², flat (x+1)²) / 2, for every run.
Tensor loss(const Tensor& x, const Tensor& mean_weight) {
  const Tensor g = minimum(0.5 * kSharp * square(x - 1), 0.5 * kFlat * square(x + 1));
  return (mean_weight * g).sum();
}

/// The mean of c_i over batches of `batch_size`, one batch per run; 0 stands for all examples.
Tensor mean_weights(std::int64_t batch_size, std::int64_t runs) {
  if (batch_size == 0) return ones({runs}, {.dtype = kFloat64});
  return 2 * randint(0, 2, {runs, batch_size}).to(kFloat64).mean({1});
}

/// Runs that start 0.001 beside the sharp minimum: the part of them that has left it.
double share_that_leaves(double lr, std::int64_t batch_size) {
  constexpr std::int64_t kRuns = 200;
  const Tensor x = full({kRuns}, 1.001, {.dtype = kFloat64, .requires_grad = true});
  optim::SGD sgd({x}, {.lr = lr});
  for (int t = 0; t < 400; ++t) {
    sgd.zero_grad();
    loss(x, mean_weights(batch_size, kRuns)).backward();
    sgd.step();
    NoGradGuard no_grad;
    x.clamp_(-3, 3);
  }
  return ge((x.detach() - 1).abs(), 0.3).to(kFloat64).mean().item();
}

/// E x² after one update over x² before, close to the sharp minimum.
double growth(double lr, std::int64_t batch_size, std::int64_t runs) {
  const Tensor x = full({runs}, 1.001, {.dtype = kFloat64, .requires_grad = true});
  optim::SGD sgd({x}, {.lr = lr});
  loss(x, mean_weights(batch_size, runs)).backward();
  sgd.step();
  return square(x.detach() - 1).mean().item() / 1e-6;
}

/// The η h at which the growth passes 1, by bisection on fresh draws.
double threshold(std::int64_t batch_size, std::int64_t runs) {
  double low = 0.2;
  double high = 3;
  for (int i = 0; i < 14; ++i) {
    const double middle = (low + high) / 2;
    (growth(middle / kSharp, batch_size, runs) < 1 ? low : high) = middle;
  }
  return (low + high) / 2;
}

Findings run(const Conditions& lab) {
  const std::int64_t runs = lab.either(100'000, 1'000'000);
  Findings findings;
  Plot plot({.title = "Runs that leave the sharp minimum",
             .x = "learning rate × curvature",
             .y = "share of the runs"});
  Table table({"B", "threshold of η h, measured", "theory 2B/(B+1)"});
  for (const std::int64_t batch_size : {1, 4, 0}) {
    const std::string name = batch_size > 0 ? str("B = ", batch_size) : "all examples";
    const auto b = static_cast<double>(batch_size);
    const double theory = batch_size > 0 ? 2 * b / (b + 1) : 2;
    const double measured = threshold(batch_size, runs);
    table.row(name, measured, theory);
    findings.verdict(within("threshold, " + name, measured, theory, 0.02));
    std::vector<double> etas, shares;
    for (double eta_h = 0.5; eta_h < 2.5; eta_h += 0.1) {
      etas.push_back(eta_h);
      shares.push_back(share_that_leaves(eta_h / kSharp, batch_size));
    }
    plot.line(name, etas, shares);
    lab.progress(0.3 * (b + 1));
  }
  const double between = 1.3 / kSharp;
  findings
      .text(
          "Near a minimum of curvature h an update multiplies the distance by 1 - η h c̄, with c̄ "
          "the mean weight of the batch: mean 1, variance 1/B. Its mean square (1 - ηh)² + η²h²/B "
          "is below 1 as long as η h < 2B/(B + 1): 1 for single examples, 1.6 for B = 4, 2 for all "
          "(Wu, Ma and E 2018). Between the thresholds, gradient descent stays where SGD cannot: "
          "SGD leaves minima that are sharp for its noise. The flat well, ten times flatter, holds "
          "in all of these runs. With B = 4 the runs leave somewhat later than at 1.6: there the "
          "mean square grows by few large excursions, while most runs still come closer.")
      .plot(plot)
      .table(table)
      .verdict(
          exactly("η h = 1.3: share of GD's runs that leave", share_that_leaves(between, 0), 0))
      .verdict(exactly("η h = 1.3: share with B = 1", share_that_leaves(between, 1), 1))
      .verdict(exactly("η h = 1.3: share with B = 4", share_that_leaves(between, 4), 0));
  return findings;
}

}  // namespace

namespace lab {
extern const Experiment two_well;
const Experiment two_well{"two_well", "Sharp and flat minima: two wells", "Implicit regularization",
                          "When does SGD leave a sharp minimum that gradient descent stays in?",
                          run};
}  // namespace lab
