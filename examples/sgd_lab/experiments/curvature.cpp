// How sharp a minimum may be: gradient descent multiplies the error along a direction of curvature
// λ by 1 - ηλ. The largest λ is found without writing the Hessian down.

#include <cmath>

#include <tarn/tarn.h>

#include "../experiment.h"

using namespace tarn;

namespace {

/// |w| after each of 400 updates of gradient descent with η = `ratio`/λ from |w| = 1.
std::vector<double> descend(const optim::Objective& loss, double lambda, double ratio) {
  const optim::Objective::Restore restore(loss);
  const Tensor& w = loss.params()[0];
  optim::SGD sgd({w}, {.lr = ratio / lambda});
  std::vector<double> norms;
  for (int t = 0; t < 400; ++t) {
    norms.push_back(w.detach().norm().item());
    w.set_grad(optim::full_gradient(loss).gradient[0]);
    sgd.step();
  }
  return norms;
}

/// The largest eigenvalue of a positive matrix, by repeated multiplication.
double largest_eigenvalue(const Tensor& h) {
  Tensor v = ones({h.size(0)}, {.dtype = kFloat64});
  for (int i = 0; i < 5000; ++i) {
    v = matmul(h, v);
    v = v / v.norm();
  }
  return matmul(v, matmul(h, v)).item();
}

Findings run(const Conditions&) {
  // f(w) = mean (x_i · w)² / 2: its Hessian is X'X/N.
  const Tensor x =
      randn({200, 20}, {.dtype = kFloat64}) * linspace(0.3, 3, 20, {.dtype = kFloat64});
  const Tensor start = randn({20}, {.dtype = kFloat64});
  const Tensor w = (start / start.norm()).requires_grad_();
  const optim::Objective loss(
      {w}, [w](const optim::Examples& b) { return 0.5 * square(matmul(b[0], w)); },
      optim::Examples{x});
  const Tensor h = matmul(x.t(), x) / 200;
  const double lambda = largest_eigenvalue(h);
  const double exact_trace = (h * eye(20, {.dtype = kFloat64})).sum().item();
  const double found = optim::hessian_eigenvalues(loss)[0].value;
  const optim::Estimate trace = optim::hessian_trace(loss, {.samples = 100});

  Table table({"", "found", "standard error", "exact"});
  table.row("largest curvature (Lanczos)", found, "", lambda);
  table.row("trace (Hutchinson)", trace.value, trace.standard_error, exact_trace);
  Plot plot({.title = "Gradient descent below and above 2/λ",
             .x = "update",
             .y = "distance from the minimum",
             .log_y = true});
  std::vector<double> updates;
  for (int t = 0; t < 400; ++t) updates.push_back(t);
  for (const double ratio : {1.0, 1.9, 1.99, 2.01}) {
    plot.line(str("η = ", ratio, "/λ"), updates, descend(loss, lambda, ratio));
  }
  const auto below = descend(loss, lambda, 1.99);
  const auto above = descend(loss, lambda, 2.01);
  Findings findings;
  findings
      .text(
          "Gradient descent is stable as long as η times the largest curvature is below 2: a rate "
          "says how sharp a minimum may be. In the end the sharpest direction alone is left, which "
          "each update multiplies by 1 - ηλ. Lanczos' method finds λ from products of the Hessian "
          "with vectors, Hutchinson's the sum of all curvatures from random signs.")
      .plot(plot)
      .table(table)
      .verdict(within("largest curvature, found over exact", found / lambda, 1, 1e-4))
      .verdict(at_most("trace: distance from the exact one, in standard errors",
                       std::abs(trace.value - exact_trace) / trace.standard_error, 3))
      .verdict(within("η = 1.99/λ: factor of the last update", below[399] / below[398], 0.99, 1e-4))
      .verdict(
          within("η = 2.01/λ: factor of the last update", above[399] / above[398], 1.01, 1e-4));
  return findings;
}

}  // namespace

namespace lab {
extern const Experiment curvature;
const Experiment curvature{"curvature", "Curvature and the edge of stability",
                           "Implicit regularization",
                           "How sharp may a minimum be for gradient descent to stay in it?", run};
}  // namespace lab
