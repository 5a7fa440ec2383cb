// The variance of a mini-batch gradient g_B, E|g_B - ∇L|², for three problems: a quadratic,
// logistic regression and a network on MNIST's digits. Batches are shuffled: drawn without
// replacement.

#include <cmath>
#include <functional>

#include <tarn/tarn.h>

#include "../experiment.h"
#include "../statistics.h"

using namespace tarn;

namespace {

using Loss = std::function<Tensor(const data::Batch&)>;

struct Problem {
  std::string name;
  const data::Dataset& examples;
  std::vector<Tensor> parameters;
  Loss loss;  ///< the mean over the batch
};

Tensor gradient(const Problem& problem, const data::Batch& batch) {
  return nn::parameters_to_vector(grad({problem.loss(batch)}, problem.parameters));
}

/// The mean over all examples, and σ²: the mean squared distance of an example's gradient from it.
std::pair<Tensor, double> full_gradient_and_variance(const Problem& problem) {
  data::DataLoader one_by_one(problem.examples, {.batch_size = 1, .shuffle = false});
  std::vector<Tensor> gradients;
  for (auto& batch : one_by_one) gradients.push_back(gradient(problem, batch));
  const Tensor all = stack(gradients);
  return {all.mean({0}), all.var({0}, 0).sum().item()};
}

/// |g_B - ∇L|² over draws of one shuffled batch each.
Estimate measure(const Problem& problem, const Tensor& full, std::int64_t batch_size, int draws) {
  data::DataLoader loader(problem.examples, {.batch_size = batch_size});
  std::vector<double> squares;
  for (int i = 0; i < draws; ++i) {
    squares.push_back(square(gradient(problem, *loader.begin()) - full).sum().item());
  }
  return estimate(squares);
}

void investigate(const Problem& problem, int draws, Findings& findings, Table& table) {
  const auto [full, sigma2] = full_gradient_and_variance(problem);
  const std::int64_t n = problem.examples.size();
  std::vector<double> sizes, variances, errors, law, simple;
  double worst = 0;
  double at_all = 0;
  for (std::int64_t b = 1; b <= n; b = b < n && 2 * b > n ? n : 2 * b) {
    const auto [variance, error] = measure(problem, full, b, b == n ? 5 : draws);
    const auto size = static_cast<double>(b);
    const double theory = sigma2 / size * static_cast<double>(n - b) / static_cast<double>(n - 1);
    table.row(problem.name, b, variance, error, theory, sigma2 / size);
    if (b == n) {
      at_all = variance;
      break;
    }
    worst = std::max(worst, std::abs(variance - theory) / error);
    sizes.push_back(size);
    variances.push_back(variance);
    errors.push_back(error);
    law.push_back(theory);
    simple.push_back(sigma2 / size);
  }
  std::size_t small = 0;
  while (sizes[small] <= static_cast<double>(n) / 20) ++small;
  const double slope = loglog_slope({sizes.begin(), sizes.begin() + small},
                                    {variances.begin(), variances.begin() + small});

  Plot plot({.title = problem.name,
             .x = "batch size B",
             .y = "E|g − ∇L|²",
             .log_x = true,
             .log_y = true});
  plot.points("measured", sizes, variances, errors);
  plot.theory("σ²/B · (N−B)/(N−1)", sizes, law);
  plot.theory("σ²/B", sizes, simple);
  findings.plot(plot)
      .verdict(within(problem.name + ": log-log slope for B ≤ N/20", slope, -1, 0.02))
      .verdict(
          at_most(problem.name + ": largest distance from the law, in standard errors", worst, 3))
      .verdict(at_most(problem.name + ": variance at B = N over σ² (0 but for rounding)",
                       at_all / sigma2, 1e-24));
}

data::TensorDataset as_float64(const data::Dataset& examples, std::int64_t count, DType target) {
  const data::Batch batch = examples.get_batch(arange(count).to_vector<std::int64_t>());
  return {batch.data.to(kFloat64), batch.target.to(target)};
}

Findings run(const Conditions& lab) {
  const auto draws = lab.either(2000, 20'000);
  Findings findings;
  Table table({"problem", "B", "variance", "standard error", "law", "σ²/B"});
  findings.text(
      "σ² is the mean squared distance of single examples' gradients from the full one, so with "
      "independent draws the mean of B of them has variance σ²/B. A shuffled batch never repeats "
      "an "
      "example, which makes it better: by (N − B)/(N − 1), down to nothing at B = N.");

  const Tensor a = randn({1000, 10}, {.dtype = kFloat64});
  const data::TensorDataset points(a, a);
  const Tensor theta = zeros({10}, {.dtype = kFloat64, .requires_grad = true});
  investigate({"quadratic",
               points,
               {theta},
               [&](const data::Batch& b) { return 0.5 * square(theta - b.data).sum({1}).mean(); }},
              draws, findings, table);
  lab.progress(0.2);

  const data::TensorDataset logistic =
      as_float64(data::make_logistic(
                     {.n = 1000, .weight = {1, -2, 0.5, 0, 1.5}, .bias = 0.3, .seed = lab.seed}),
                 1000, kFloat64);
  const Tensor w = randn({5}, {.dtype = kFloat64, .requires_grad = true});
  investigate({"logistic regression",
               logistic,
               {w},
               [&](const data::Batch& b) {
                 return binary_cross_entropy_with_logits(matmul(b.data, w), b.target);
               }},
              draws, findings, table);
  lab.progress(0.4);

  const data::TensorDataset digits = as_float64(data::MNIST(lab.data), 500, kInt64);
  nn::Sequential mlp(nn::Linear(784, 16), nn::ReLU(), nn::Linear(16, 10));
  mlp.to(kFloat64);
  investigate({"network 784-16-10 on digits", digits, mlp.parameters(),
               [&](const data::Batch& b) { return cross_entropy(mlp(b.data), b.target); }},
              draws / 2, findings, table);
  findings.table(table);
  return findings;
}

}  // namespace

namespace lab {
extern const Experiment variance;
const Experiment variance{"variance", "Gradient variance against batch size", "Exercise 1",
                          "How fast does the noise of the gradient fall as the batch grows?", run};
}  // namespace lab
