// How sharp a minimum may be: gradient descent multiplies the error along a direction of curvature
// λ by 1 - ηλ. The largest λ is found without writing the Hessian down.

#include <cmath>

#include <tarn/tarn.h>

#include "../experiment.h"

using namespace tarn;

namespace {

/// The direction of the largest eigenvalue of a positive matrix, by repeated multiplication.
Tensor sharpest_direction(const Tensor& h) {
  Tensor v = ones({h.size(0)}, {.dtype = kFloat64});
  for (int i = 0; i < 5000; ++i) {
    v = matmul(h, v);
    v = v / v.norm();
  }
  return v;
}

/// How far w is from 0 in that direction after each of 100 updates of gradient descent.
std::vector<double> descend(const optim::Objective& loss, const Tensor& direction, double lr) {
  const optim::Objective::Restore restore(loss);
  const Tensor& w = loss.params()[0];
  optim::SGD sgd({w}, {.lr = lr});
  std::vector<double> distances;
  for (int t = 0; t < 100; ++t) {
    distances.push_back(std::abs(matmul(w.detach(), direction).item()));
    w.set_grad(optim::full_gradient(loss).gradient[0]);
    sgd.step();
  }
  return distances;
}

/// Per update.
double factor(const std::vector<double>& distances) {
  return std::pow(distances.back() / distances.front(), 1.0 / 99);
}

Findings run(const Conditions&) {
  // f(w) = mean (x_i · w)² / 2: its Hessian is X'X/N.
  const Tensor x =
      randn({200, 20}, {.dtype = kFloat64}) * linspace(0.3, 3, 20, {.dtype = kFloat64});
  const Tensor w = randn({20}, {.dtype = kFloat64, .requires_grad = true});
  const optim::Objective loss(
      {w}, [w](const optim::Examples& b) { return 0.5 * square(matmul(b[0], w)); },
      optim::Examples{x});
  const Tensor h = matmul(x.t(), x) / 200;
  const Tensor direction = sharpest_direction(h);
  const double lambda = matmul(direction, matmul(h, direction)).item();
  const double exact_trace = (h * eye(20, {.dtype = kFloat64})).sum().item();
  const double found = optim::hessian_eigenvalues(loss)[0].value;
  const optim::Estimate trace = optim::hessian_trace(loss, {.samples = 100});

  Table table({"", "found", "standard error", "exact"});
  table.row("largest curvature (Lanczos)", found, "", lambda);
  table.row("trace (Hutchinson)", trace.value, trace.standard_error, exact_trace);
  Plot plot({.title = "Gradient descent below and above 2/λ",
             .x = "update",
             .y = "distance in the sharpest direction",
             .log_y = true});
  std::vector<double> updates, factors;
  for (int t = 0; t < 100; ++t) updates.push_back(t);
  for (const double ratio : {1.9, 1.99, 2.01, 2.1}) {
    const auto distances = descend(loss, direction, ratio / lambda);
    plot.line(str("η = ", ratio, "/λ"), updates, distances);
    factors.push_back(factor(distances));
  }
  Findings findings;
  findings
      .text(
          "Gradient descent is stable as long as η times the largest curvature is below 2: a rate "
          "says how sharp a minimum may be. An update multiplies the distance in the sharpest "
          "direction by 1 - ηλ. Lanczos' method finds λ from products of the Hessian "
          "with vectors, Hutchinson's the sum of all curvatures from random signs.")
      .plot(plot)
      .table(table)
      .verdict(within("largest curvature, found over exact", found / lambda, 1, 1e-4))
      .verdict(at_most("trace: distance from the exact one, in standard errors",
                       std::abs(trace.value - exact_trace) / trace.standard_error, 3))
      .verdict(within("η = 1.99/λ: factor per update", factors[1], 0.99, 1e-4))
      .verdict(within("η = 2.01/λ: factor per update", factors[2], 1.01, 1e-4));
  return findings;
}

}  // namespace

namespace lab {
extern const Experiment curvature;
const Experiment curvature{"curvature", "Curvature and the edge of stability",
                           "Implicit regularization",
                           "How sharp may a minimum be for gradient descent to stay in it?", run};
}  // namespace lab
