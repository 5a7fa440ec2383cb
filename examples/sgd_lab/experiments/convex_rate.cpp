// The convex theorem on f(x) = mean |x - a_i|, whose gradients have norm 1 (G = 1), over the set
// [-2, 2] (diameter D = 4) with η_t = D / (G √t): hundreds of runs at once.

#include <algorithm>
#include <cmath>

#include <tarn/tarn.h>

#include "../experiment.h"
#include "../statistics.h"

using namespace tarn;

namespace {

constexpr double kDiameter = 4;

struct Runs : nn::Module {
  Tensor& x = parameter("x", full({400}, 2, {.dtype = kFloat64}));
};

/// f(x) - min f for each run; a has an odd number of points, 0 is their median.
Tensor gap(const Tensor& x, const Tensor& a) {
  return (x.detach().unsqueeze(1) - a).abs().mean({1}) - a.abs().mean();
}

Findings run(const Conditions& lab) {
  const Tensor a = tensor({-1.0, -0.5, 0.0, 0.5, 1.0}, {.dtype = kFloat64});
  const std::int64_t steps = lab.either(10'000, 100'000);
  Runs runs;
  optim::SGD sgd(runs.parameters(), {.lr = kDiameter});
  optim::InverseSqrtLR schedule(sgd);
  optim::AveragedModel average(runs);
  std::vector<double> t, bound, of_average, mean_gap, last;
  double gaps = 0;
  double next = 100;
  double worst = 0;
  for (std::int64_t i = 1; i <= steps; ++i) {
    average.update();  // the iterates before each update, as in the theorem
    gaps += gap(runs.x, a).mean().item();
    const Tensor picked = a.index_select(0, randint(0, 5, {400}));
    if (static_cast<double>(i) >= next || i == steps) {
      next *= 1.5;
      t.push_back(static_cast<double>(i));
      bound.push_back(optim::projected_convex_bound(kDiameter, 1, i));
      mean_gap.push_back(gaps / static_cast<double>(i));
      last.push_back(gap(runs.x, a).mean().item());
      const auto averages = average.apply();
      of_average.push_back(gap(runs.x, a).mean().item());
      worst = std::max(worst, std::max(of_average.back(), mean_gap.back()) / bound.back());
    }
    sgd.zero_grad();
    (runs.x - picked).abs().sum().backward();
    sgd.step();
    schedule.step();
    NoGradGuard no_grad;
    runs.x.clamp_(-2, 2);
    if (i % 1000 == 0) lab.progress(static_cast<double>(i) / static_cast<double>(steps));
  }
  Plot plot(
      log_log("f = mean |x − aᵢ|, projected, η = D / √t", "updates T", "expected gap f − min f"));
  plot.line("mean of the gaps of the iterates", t, mean_gap);
  plot.theory("bound 1.5 D G / √T", t, bound);
  plot.line("last iterate", t, last);
  plot.line("average of the iterates", t, of_average);
  Table table({"T", "bound", "mean of the gaps", "last iterate", "average of the iterates"});
  table.row(t.front(), bound.front(), mean_gap.front(), last.front(), of_average.front());
  table.row(t.back(), bound.back(), mean_gap.back(), last.back(), of_average.back());
  Findings findings;
  findings
      .text(
          "The theorem (Zinkevich 2003) bounds the mean of the gaps f(x_t) - min f by 1.5 D G / "
          "√T; "
          "by convexity the average of the iterates can only be better. It needs a bounded set "
          "that "
          "the iterates are projected on, and rates in proportion to its diameter. The mean of the "
          "gaps does fall like 1/√T. The average of the iterates gains more here than the theorem "
          "promises, since this f is curved near its minimum on the scale of the noise, and errors "
          "to both sides cancel: -1/2 is the slope of the worst convex function, not of each.")
      .plot(plot)
      .table(table)
      .verdict(at_most("largest measured gap over its bound", worst, 1))
      .verdict(within("slope of the mean gap in T", loglog_slope(t, mean_gap), -0.5, 0.1))
      .verdict(at_most("slope of the average's gap", loglog_slope(t, of_average), -0.4))
      .verdict(at_least("gap of the last iterate over that of the average",
                        last.back() / of_average.back(), 1));
  return findings;
}

}  // namespace

namespace lab {
extern const Experiment convex_rate;
const Experiment convex_rate{"convex_rate", "The convex rate", "Convergence of SGD",
                             "Does the gap of averaged SGD stay below O(1/√T)?", run};
}  // namespace lab
