// Clipping the gradient's norm: its arithmetic, and a descent that explodes without it.

#include <cmath>

#include <tarn/tarn.h>

#include "../experiment.h"

using namespace tarn;

namespace {

/// A gradient of norm `norm` in two parameters of unequal size, clipped to `max_norm`.
double clipped(double norm, double max_norm) {
  const Tensor a = zeros({3}, {.dtype = kFloat64, .requires_grad = true});
  const Tensor b = zeros({2, 2}, {.dtype = kFloat64, .requires_grad = true});
  a.set_grad(full({3}, norm / std::sqrt(7.0), {.dtype = kFloat64}));
  b.set_grad(full({2, 2}, norm / std::sqrt(7.0), {.dtype = kFloat64}));
  nn::clip_grad_norm_({a, b}, max_norm);
  return nn::get_total_norm({a.grad(), b.grad()});
}

/// Gradient descent on x⁴/4 from x = 3: |x| after each update, until it exceeds 10⁶.
std::vector<double> descend(double lr, double max_norm) {
  const Tensor x = full({1}, 3, {.dtype = kFloat64, .requires_grad = true});
  optim::SGD sgd({x}, {.lr = lr});
  std::vector<double> path{3};
  while (path.size() <= 60 && path.back() < 1e6) {
    sgd.zero_grad();
    const Tensor loss = 0.25 * square(square(x)).sum();
    loss.backward();
    nn::clip_grad_norm_({x}, max_norm);
    sgd.step();
    path.push_back(std::abs(x.item()));
  }
  return path;
}

std::vector<double> steps(const std::vector<double>& path) {
  std::vector<double> t;
  for (std::size_t i = 0; i < path.size(); ++i) t.push_back(static_cast<double>(i));
  return t;
}

Findings run(const Conditions&) {
  constexpr double kLr = 0.3;
  const auto free = descend(kLr, std::numeric_limits<double>::infinity());
  const auto held = descend(kLr, 1);
  Plot plot({.title = "x⁴/4 from x = 3 with η = 0.3", .x = "update", .y = "|x|", .log_y = true});
  plot.line("without clipping", steps(free), free);
  plot.line("gradient norm at most 1", steps(held), held);
  Table table({"norm before", "largest norm", "norm after"});
  table.row(10, 1, clipped(10, 1));
  table.row(1, 1, clipped(1, 1));
  table.row(1e-6, 1e-6, clipped(1e-6, 1e-6));
  table.row(0.5, 1, clipped(0.5, 1));
  Findings findings;
  findings
      .text(
          "A step on x⁴/4 multiplies x by 1 - ηx²: from where x² > 2/η on, every step lands "
          "farther "
          "out. Clipped, no step is longer than η, and x walks in.")
      .plot(plot)
      .text(
          "The 1e-6 in max_norm / (norm + 1e-6) protects from dividing by 0. It is not without "
          "effect: a norm that equals the limit is still scaled, by 0.999999, and with a limit of "
          "1e-6 halved.")
      .table(table)
      .verdict(within("norm 10, limit 1", clipped(10, 1), 0.9999999, 1e-12))
      .verdict(within("norm at the limit 1", clipped(1, 1), 1 / (1 + 1e-6), 1e-12))
      .verdict(within("norm at the limit 1e-6", clipped(1e-6, 1e-6), 5e-7, 1e-18))
      .verdict(exactly("norm 1/2, limit 1: unchanged", clipped(0.5, 1), clipped(0.5, 1e9)))
      .verdict(at_least("without clipping: |x| in the end", free.back(), 1e6))
      .verdict(at_most("with clipping: |x| after 60 updates", held.back(), 0.5));
  return findings;
}

}  // namespace

namespace lab {
extern const Experiment clipping;
const Experiment clipping{"clipping", "Gradient clipping", "Practical details",
                          "What does clipping do to a gradient, and to a descent?", run};
}  // namespace lab
