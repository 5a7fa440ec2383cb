// The variance of a mini-batch gradient g_B, E|g_B - ∇L|², for three problems: a quadratic,
// logistic regression and a network on MNIST's digits. Batches are shuffled: drawn without
// replacement.

#include <cmath>

#include <tarn/tarn.h>

#include "../digits.h"
#include "../experiment.h"
#include "../statistics.h"

using namespace tarn;

namespace {

struct Problem {
  std::string name;
  optim::Objective loss;
};

/// |g_B - ∇L|² over draws of one shuffled batch each.
optim::Estimate measure(const optim::Objective& loss, const Tensor& full, std::int64_t batch_size,
                        int draws) {
  std::vector<double> squares;
  for (int i = 0; i < draws; ++i) {
    auto batch = randperm(loss.size()).to_vector<std::int64_t>();
    batch.resize(static_cast<std::size_t>(batch_size));
    const auto g = grad({loss.losses(batch).mean()}, loss.params());
    squares.push_back(square(nn::parameters_to_vector(g) - full).sum().item());
  }
  return estimate(squares);
}

void investigate(const Problem& problem, int draws, Findings& findings, Table& table) {
  const optim::Objective& loss = problem.loss;
  const Tensor full = nn::parameters_to_vector(optim::full_gradient(loss).gradient);
  const optim::GradientVariance theory = optim::gradient_variance(loss, {.loop = true});
  const std::int64_t n = loss.size();
  std::vector<double> sizes, variances, errors, law, simple;
  double squares = 0;  // of the distances from the law, in standard errors
  for (std::int64_t b = 1; b < n; b *= 2) {
    const auto [variance, error] = measure(loss, full, b, draws);
    table.row(problem.name, b, variance, error, theory.shuffled(b), theory.with_replacement(b));
    squares += std::pow((variance - theory.shuffled(b)) / error, 2);
    sizes.push_back(static_cast<double>(b));
    variances.push_back(variance);
    errors.push_back(error);
    law.push_back(theory.shuffled(b));
    simple.push_back(theory.with_replacement(b));
  }
  const double at_all = measure(loss, full, n, 5).value;
  table.row(problem.name, n, at_all, "", theory.shuffled(n), theory.with_replacement(n));

  Plot plot(log_log(problem.name, "batch size B", "E|g − ∇L|²"));
  plot.points("measured", sizes, variances, errors);
  plot.theory("σ²/B · (N−B)/(N−1)", sizes, law);
  plot.theory("σ²/B", sizes, simple);
  const double rms = std::sqrt(squares / static_cast<double>(sizes.size()));
  const double limit = largest_rms_distance(sizes.size());
  while (sizes.back() > static_cast<double>(n) / 20) sizes.pop_back();
  variances.resize(sizes.size());
  findings.plot(plot)
      .verdict(within(problem.name + ": log-log slope for B ≤ N/20", loglog_slope(sizes, variances),
                      -1, 0.02))
      .verdict(
          at_most(problem.name + ": distance from the law over all B, r.m.s. in standard errors",
                  rms, limit))
      .verdict(at_most(problem.name + ": variance at B = N over σ² (0 but for rounding)",
                       at_all / theory.trace, 1e-24));
}

data::TensorDataset as_float64(const data::Dataset& examples, std::int64_t count, DType target) {
  const data::Batch batch = examples.get_batch(arange(count).to_vector<std::int64_t>());
  return {batch.data.to(kFloat64), batch.target.to(target)};
}

Problem quadratic() {
  const Tensor theta = zeros({10}, {.dtype = kFloat64, .requires_grad = true});
  const auto losses = [theta](const optim::Examples& batch) {
    return 0.5 * square(theta - batch[0]).sum({1});
  };
  return {"quadratic", {{theta}, losses, optim::Examples{randn({1000, 10}, {.dtype = kFloat64})}}};
}

Problem logistic_regression(std::uint64_t seed) {
  const Tensor w = randn({5}, {.dtype = kFloat64, .requires_grad = true});
  const auto losses = [w](const optim::Examples& batch) {
    return binary_cross_entropy_with_logits(matmul(batch[0], w), batch[1],
                                            {.reduction = Reduction::none});
  };
  const auto examples =
      data::make_logistic({.n = 1000, .weight = {1, -2, 0.5, 0, 1.5}, .bias = 0.3, .seed = seed});
  return {"logistic regression", {{w}, losses, as_float64(examples, 1000, kFloat64)}};
}

Findings run(const Conditions& lab) {
  const auto draws = lab.either(8000, 20'000);
  Findings findings;
  Table table({"problem", "B", "variance", "standard error", "law", "σ²/B"});
  findings.text(
      "σ² is the mean squared distance of single examples' gradients from the full one, so with "
      "independent draws the mean of B of them has variance σ²/B. A shuffled batch never repeats "
      "an "
      "example, which makes it better: by (N − B)/(N − 1), down to nothing at B = N. Distances "
      "from that law are judged together: chance puts their root mean square over all B beyond "
      "its limit as rarely as it puts a single one beyond 3 standard errors.");
  investigate(quadratic(), draws, findings, table);
  lab.progress(0.2);
  investigate(logistic_regression(lab.seed), draws, findings, table);
  lab.progress(0.4);
  nn::Sequential mlp(nn::Linear(784, 16), nn::ReLU(), nn::Linear(16, 10));
  mlp.to(kFloat64);
  investigate({"network 784-16-10 on digits",
               {mlp, cross_entropies, as_float64(data::MNIST(lab.data), 500, kInt64)}},
              draws / 8, findings, table);
  findings.table(table);
  return findings;
}

}  // namespace

namespace lab {
extern const Experiment variance;
const Experiment variance{"variance", "Gradient variance against batch size", "Exercise 1",
                          "How fast does the noise of the gradient fall as the batch grows?", run};
}  // namespace lab
