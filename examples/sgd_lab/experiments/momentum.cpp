// f(x) = (1/2) sum_i h_i x_i^2 with h_i from 1 to 100: the condition number is 100. Each method
// runs at the step (and momentum) that is best for it.

#include <cmath>

#include <tarn/tarn.h>

#include "../experiment.h"

using namespace tarn;

namespace {

constexpr double kFlat = 1;     // smallest curvature
constexpr double kSharp = 100;  // largest

/// The distance from the minimum after each of `steps` updates.
std::vector<double> distances(const optim::SGDOptions& options, int steps) {
  const Tensor h = linspace(kFlat, kSharp, 10, {.dtype = kFloat64});
  const Tensor x = ones({10}, {.dtype = kFloat64, .requires_grad = true});
  optim::SGD sgd({x}, options);
  std::vector<double> result;
  for (int t = 0; t < steps; ++t) {
    result.push_back(x.detach().norm().item());
    sgd.zero_grad();
    const Tensor loss = 0.5 * (h * square(x)).sum();
    loss.backward();
    sgd.step();
  }
  return result;
}

/// The factor per update between t = from and the end.
double rate(const std::vector<double>& distance, std::size_t from) {
  const auto steps = static_cast<double>(distance.size() - 1 - from);
  return std::pow(distance.back() / distance[from], 1 / steps);
}

Findings run(const Conditions&) {
  const double root = std::sqrt(kSharp / kFlat);
  const double gd_rate = (kSharp - kFlat) / (kSharp + kFlat);
  const double heavy_rate = (root - 1) / (root + 1);
  const double gd_lr = 2 / (kSharp + kFlat);
  const double heavy_lr = 4 / std::pow(std::sqrt(kSharp) + std::sqrt(kFlat), 2);
  const double beta = heavy_rate * heavy_rate;

  const auto gd = distances({.lr = gd_lr}, 401);
  const auto heavy = distances({.lr = heavy_lr, .momentum = beta}, 401);
  std::vector<double> t, gd_theory, heavy_theory;
  for (int i = 0; i < 401; ++i) {
    t.push_back(i);
    gd_theory.push_back(gd[0] * std::pow(gd_rate, i));
    heavy_theory.push_back(heavy[0] * std::pow(heavy_rate, i));
  }

  Table table({"method", "learning rate", "momentum", "rate, measured", "rate, theory",
               "updates for 1/1000"});
  const auto updates = [](double r) { return std::log(1e-3) / std::log(r); };
  table.row("gradient descent", gd_lr, 0, rate(gd, 200), gd_rate, std::ceil(updates(gd_rate)));
  table.row("heavy ball", heavy_lr, beta, rate(heavy, 200), heavy_rate,
            std::ceil(updates(heavy_rate)));
  Plot plot({.title = "Condition number 100, each at its best",
             .x = "update",
             .y = "distance from the minimum",
             .log_y = true});
  plot.line("gradient descent", t, gd);
  plot.theory("0.980^t", t, gd_theory);
  plot.line("heavy ball", t, heavy);
  plot.theory("0.818^t", t, heavy_theory);

  Findings findings;
  findings
      .text(
          "Without noise, gradient descent's best step 2/(L + m) shrinks the distance by (k - 1)/"
          "(k + 1) per update, with k = L/m the condition number. The heavy ball (Polyak 1964) "
          "with beta = ((√k - 1)/(√k + 1))² and step 4/(√L + √m)² gets (√k - 1)/(√k + 1): as if "
          "the condition number were its root. At this optimum two roots coincide, so that the "
          "distance falls like t · 0.818^t: a little behind the dashed line, with the same rate "
          "in the end.")
      .plot(plot)
      .table(table)
      .verdict(within("rate of gradient descent", rate(gd, 200), gd_rate, 0.002))
      .verdict(within("rate of the heavy ball", rate(heavy, 200), heavy_rate, 0.005))
      .verdict(within("best momentum for k = 100", beta, 0.669, 0.0005));
  return findings;
}

}  // namespace

namespace lab {
extern const Experiment momentum;
const Experiment momentum{"momentum", "Momentum", "Next section",
                          "What does a heavy ball gain where curvatures differ a hundredfold?",
                          run};
}  // namespace lab
