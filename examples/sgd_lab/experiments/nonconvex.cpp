// f_i(x) = u²/(1 + u²) with u = x - a_i: smooth (L = 2), bounded, not convex. Two clusters of a_i
// make two minima. Hundreds of runs at once.

#include <algorithm>
#include <cmath>

#include <tarn/tarn.h>

#include "../experiment.h"
#include "../statistics.h"

using namespace tarn;

namespace {

constexpr double kSmoothness = 2;
constexpr std::int64_t kRuns = 400;
constexpr double kStart = 1.2;

Tensor losses(const Tensor& x, const Tensor& a) {
  const Tensor u2 = square(x - a);
  return u2 / (1 + u2);
}

/// d/dx of losses().
Tensor slopes(const Tensor& x, const Tensor& a) {
  const Tensor u = x - a;
  return 2 * u / square(1 + square(u));
}

struct Result {
  double mean;     ///< of |∇f(x_t)|² over t and the runs
  double plateau;  ///< the same over the second half
};

Result descend(const Tensor& a, double lr, std::int64_t steps) {
  const Tensor x = full({kRuns}, kStart, {.dtype = kFloat64, .requires_grad = true});
  optim::SGD sgd({x}, {.lr = lr});
  double sum = 0;
  double second = 0;
  for (std::int64_t t = 0; t < steps; ++t) {
    const Tensor full_slope = slopes(x.detach().unsqueeze(1), a).mean({1});
    const double squared = square(full_slope).mean().item();
    sum += squared;
    if (t >= steps / 2) second += squared;
    sgd.zero_grad();
    losses(x, a.index_select(0, randint(0, a.size(0), {kRuns}))).sum().backward();
    sgd.step();
  }
  return {sum / static_cast<double>(steps), second / static_cast<double>(steps - steps / 2)};
}

Findings run(const Conditions& lab) {
  const Tensor a =
      cat({0.5 * randn({10}, {.dtype = kFloat64}) + 3, 0.5 * randn({10}, {.dtype = kFloat64}) - 3});
  const Tensor grid = linspace(-6, 6, 1201, {.dtype = kFloat64}).unsqueeze(1);
  const Tensor f = losses(grid, a).mean({1});
  const Tensor start = full({1, 1}, kStart, {.dtype = kFloat64});
  const double gap = losses(start, a).mean().item() - f.min().item();
  const double variance = slopes(grid, a).var({1}, 0).max().item();  // the largest over x

  std::vector<double> steps, measured, bound;
  Table table({"T", "η = 1/√T · 1/4", "mean |∇f|²", "bound"});
  double worst = 0;
  for (const double t : {100.0, 300.0, 1000.0, 3000.0, 10'000.0}) {
    const double lr = 0.25 / std::sqrt(t / 100);
    const auto whole = static_cast<std::int64_t>(t);
    steps.push_back(t);
    measured.push_back(descend(a, lr, whole).mean);
    bound.push_back(optim::nonconvex_bound(gap, lr, kSmoothness, variance, whole));
    table.row(t, lr, measured.back(), bound.back());
    worst = std::max(worst, measured.back() / bound.back());
    lab.progress(t / 20'000);
  }
  Plot plot(log_log("η ~ 1/√T", "updates T", "mean of |∇f(x_t)|²"));
  plot.points("measured", steps, measured);
  plot.theory("2Δ/(ηT) + ηLσ²", steps, bound);
  const std::int64_t long_run = lab.either(4000, 20'000);
  const double full_rate = descend(a, 0.1, long_run).plateau;
  const double half_rate = descend(a, 0.05, long_run).plateau;
  Table plateaus({"constant η", "mean |∇f|² once it has settled"});
  plateaus.row(0.1, full_rate);
  plateaus.row(0.05, half_rate);
  Findings findings;
  findings
      .text(
          "Without convexity SGD comes close to stationary points in the mean over its path: "
          "(1/T) Σ E|∇f(x_t)|² ≤ 2Δ/(ηT) + ηLσ² for η ≤ 1/L (Ghadimi and Lan 2013). With η ~ 1/√T "
          "both terms fall like 1/√T. A constant rate stalls at a height in proportion to it. None "
          "of this is about the last iterate.")
      .plot(plot)
      .table(table)
      .table(plateaus)
      .verdict(at_most("largest measured mean over its bound", worst, 1))
      .verdict(within("slope in T", loglog_slope(steps, measured), -0.5, 0.1))
      .verdict(within("plateau at half the constant rate", half_rate / full_rate, 0.5, 0.1));
  return findings;
}

}  // namespace

namespace lab {
extern const Experiment nonconvex;
const Experiment nonconvex{"nonconvex", "Without convexity", "Convergence of SGD",
                           "How fast do the gradients of a non-convex loss go to zero?", run};
}  // namespace lab
