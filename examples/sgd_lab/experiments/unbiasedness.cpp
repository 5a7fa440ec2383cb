// E[g_B] = ∇L: over every mini-batch there is, and over random ones of a network.

#include <algorithm>
#include <cmath>

#include <tarn/tarn.h>

#include "../digits.h"
#include "../experiment.h"
#include "../statistics.h"

using namespace tarn;

namespace {

Tensor flat(const optim::LossGradient& g) { return nn::parameters_to_vector(g.gradient); }

/// The largest element of (mean of g_B over all batches of size B) - ∇L, over the largest of ∇L.
double exact_bias(const optim::Objective& loss, std::int64_t batch_size) {
  const Tensor full = flat(optim::full_gradient(loss));
  Tensor sum = zeros_like(full);
  double count = 0;
  optim::for_each_batch(loss.size(), batch_size, [&](std::span<const std::int64_t> batch) {
    sum += flat(optim::batch_gradient(loss, batch));
    ++count;
  });
  return ((sum / count - full).abs().max() / full.abs().max()).item();
}

/// The sum of the batch gradients of one epoch at fixed parameters, over N/B, minus ∇L.
double epoch_error(const optim::Objective& loss, const data::Sampler& order, std::int64_t b) {
  const auto indices = order.indices(loss.size(), 1, 0);
  const Tensor full = flat(optim::full_gradient(loss));
  Tensor sum = zeros_like(full);
  for (std::int64_t i = 0; i < loss.size(); i += b) {
    sum += flat(optim::batch_gradient(loss, std::span(indices).subspan(i, b)));
  }
  return ((sum * b / loss.size() - full).norm() / full.norm()).item();
}

Findings run(const Conditions& lab) {
  Findings findings;
  const Tensor w = randn({5}, {.dtype = kFloat64, .requires_grad = true});
  const Tensor x = randn({8, 5}, {.dtype = kFloat64});
  const Tensor y = randn({8}, {.dtype = kFloat64});
  const optim::Objective small(
      {w}, [w](const optim::Examples& b) { return square(matmul(b[0], w) - b[1]); },
      optim::Examples{x, y});
  Table table({"B", "mini-batches of 8 examples", "relative bias"});
  double worst = 0;
  for (std::int64_t b = 1; b <= 8; ++b) {
    const double bias = exact_bias(small, b);
    table.row(b, optim::binomial(8, b), bias);
    worst = std::max(worst, bias);
  }

  nn::Sequential mlp(nn::Linear(784, 16), nn::ReLU(), nn::Linear(16, 10));
  mlp.to(kFloat64);
  const data::MNIST mnist(lab.data);
  const data::Batch digits = mnist.get_batch(arange(480).to_vector<std::int64_t>());
  const optim::Objective loss(mlp, cross_entropies,
                              data::TensorDataset(digits.data.to(kFloat64), digits.target));
  const auto draws = lab.either(1000, 20'000);
  const Tensor full = flat(optim::full_gradient(loss));
  const double trace = optim::gradient_variance(loss).trace;
  Tensor sum = zeros_like(full);
  std::vector<double> t, error, expected;
  for (int i = 1; i <= draws; ++i) {
    const auto batch = randint(0, loss.size(), {8}).to_vector<std::int64_t>();
    sum += flat(optim::batch_gradient(loss, batch));
    if ((i & (i - 1)) != 0 && i != draws) continue;  // powers of 2, and the last
    t.push_back(i);
    error.push_back((sum / i - full).norm().item());
    expected.push_back(std::sqrt(trace / (8.0 * i)));
    lab.progress(static_cast<double>(i) / draws);
  }
  Plot plot(log_log("Mean of k gradients of batches of 8", "k", "distance from the full gradient"));
  plot.points("measured", t, error);
  plot.theory("√(tr Σ / (8 k))", t, expected);
  const double reshuffled = epoch_error(loss, data::RandomSampler(), 8);
  const double replaced = epoch_error(loss, data::ReplacementSampler(), 8);
  findings
      .text(
          "With 8 examples every mini-batch can be tried: the mean of their gradients is the full "
          "gradient, to the last bits.")
      .table(table)
      .text(
          "For a network on digits, the mean of the gradients of random batches comes closer to "
          "the full gradient like one over the root of their number. At fixed parameters the "
          "batches of one shuffled epoch average to the full gradient exactly: each is unbiased, "
          "but together they are not independent.")
      .plot(plot)
      .verdict(at_most("largest relative bias over B", worst, 1e-14))
      .verdict(at_most("network: distance over √(tr Σ / (B k))", error.back() / expected.back(), 4))
      .verdict(at_most("one shuffled epoch, relative error", reshuffled, 1e-14))
      .verdict(at_least("one epoch with replacement, relative error", replaced, 1e-3));
  return findings;
}

}  // namespace

namespace lab {
extern const Experiment unbiasedness;
const Experiment unbiasedness{"unbiasedness", "The stochastic gradient is unbiased",
                              "The key insight",
                              "Is the mean of all mini-batch gradients the full gradient?", run};
}  // namespace lab
