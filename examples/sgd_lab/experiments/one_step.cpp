// One step from θ against the gradient of a batch: how long should it be? On least squares with 12
// examples the expected loss after it is exact: the mean over every batch there is.

#include <algorithm>
#include <cmath>
#include <functional>

#include <tarn/tarn.h>

#include "../experiment.h"

using namespace tarn;

namespace {

constexpr std::int64_t kExamples = 12;

/// The gradients of all batches of that size, one in each row.
Tensor batch_gradients(const optim::Objective& loss, std::int64_t batch_size) {
  std::vector<Tensor> rows;
  optim::for_each_batch(loss.size(), batch_size, [&](std::span<const std::int64_t> batch) {
    rows.push_back(optim::batch_gradient(loss, batch).gradient[0]);
  });
  return stack(rows);
}

/// Where f is least between `low` and `high`, by golden sections (Kiefer 1953).
double minimize(const std::function<double(double)>& f, double low, double high) {
  const double golden = (std::sqrt(5.0) - 1) / 2;
  while (high - low > 1e-7) {
    const double step = golden * (high - low);
    if (f(high - step) < f(low + step)) {
      high = low + step;
    } else {
      low = high - step;
    }
  }
  return (low + high) / 2;
}

Findings run(const Conditions& lab) {
  const Tensor x = randn({kExamples, 3}, {.dtype = kFloat64});
  const Tensor y = randn({kExamples}, {.dtype = kFloat64});
  const Tensor w = full({3}, 1, {.dtype = kFloat64, .requires_grad = true});
  const optim::Objective loss(
      {w}, [w](const optim::Examples& b) { return 0.5 * square(matmul(b[0], w) - b[1]); },
      optim::Examples{x, y});
  const Tensor gradient = optim::full_gradient(loss).gradient[0];
  const Tensor hessian = matmul(x.t(), x) / kExamples;
  const auto curvature = [&](const Tensor& g) { return (matmul(g, hessian) * g).sum({-1}); };
  const double along = curvature(gradient).item();
  const double longest = square(gradient).sum().item() / along;
  const double noise_size = curvature(batch_gradients(loss, 1) - gradient).mean().item() / along;

  Table table({"B", "batches", "best η, measured", "theory", "loss gained"});
  std::vector<double> sizes, best, law, proportional;
  double worst = 0;
  for (std::int64_t b = 1; b <= kExamples; ++b) {
    const Tensor gradients = batch_gradients(loss, b);
    const auto expected_loss = [&](double eta) {
      const Tensor after = w.detach() - eta * gradients;
      return 0.5 * square(matmul(after, x.t()) - y).mean().item();
    };
    const auto size = static_cast<double>(b);
    const double left = (kExamples - size) / (kExamples - 1);  // 0 for all examples
    sizes.push_back(size);
    best.push_back(minimize(expected_loss, 0, 4 * longest));
    law.push_back(longest / (1 + noise_size * left / size));
    proportional.push_back(law[0] * size);
    table.row(b, gradients.size(0), best.back(), law.back(),
              expected_loss(0) - expected_loss(best.back()));
    worst = std::max(worst, std::abs(best.back() / law.back() - 1));
    lab.progress(size / kExamples);
  }
  while (proportional.back() > 1.5 * longest) proportional.pop_back();
  Plot plot(log_log("The rate that lowers the expected loss most", "batch size B", "η"));
  plot.points("measured", sizes, best);
  plot.theory("η_max / (1 + B_n/B · (N−B)/(N−1))", sizes, law);
  plot.theory("the rate of B = 1, times B", {sizes.begin(), sizes.begin() + proportional.size()},
              proportional);
  Findings findings;
  findings
      .text(
          "With G the full gradient, H the Hessian and Σ the covariance of single examples' "
          "gradients, a step changes the loss by -η|G|² + η²/2 (GᵀHG + tr(HΣ)/B) in expectation. "
          "The best rate is η_max/(1 + B_n/B) with η_max = |G|²/GᵀHG and B_n = tr(HΣ)/GᵀHG "
          "(McCandlish et al. 2018), where a shuffled batch has B_n/B · (N - B)/(N - 1). So rates "
          "in "
          "proportion to B are right far below B_n, and no batch deserves more than η_max: the "
          "linear scaling rule and its end. Where H is a multiple of the identity, B_n is the "
          "noise scale tr Σ/|G|².")
      .plot(plot)
      .table(table)
      .text(str("Here η_max = ", shown(longest), " and B_n = ", shown(noise_size), "."))
      .verdict(
          at_most("largest relative distance of the best rate from theory over B", worst, 0.01));
  return findings;
}

}  // namespace

namespace lab {
extern const Experiment one_step;
const Experiment one_step{"one_step", "The best step for a batch", "The critical batch size",
                          "How long should a step be, given the noise of its batch?", run};
}  // namespace lab
