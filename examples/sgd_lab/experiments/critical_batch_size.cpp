// Steps to a given loss for batches of 4 to 512, each at its best learning rate, beside what the
// noise scale meter says during a single run.

#include <cmath>
#include <limits>

#include <tarn/tarn.h>

#include "../../mnist_mlp/evaluation.h"
#include "../digits.h"
#include "../experiment.h"

using namespace tarn;

namespace {

constexpr double kTarget = 0.35;
constexpr double kNever = std::numeric_limits<double>::infinity();

/// Updates until the loss on `judged` is kTarget, checked every few updates; kNever after `limit`.
double steps_to_target(const data::MNIST& digits, const data::Dataset& judged,
                       std::int64_t batch_size, double lr, double limit, std::uint64_t seed,
                       optim::GradientNoiseScale* noise = nullptr) {
  manual_seed(seed);
  nn::Sequential mlp(nn::Linear(784, 64), nn::ReLU(), nn::Linear(64, 10));
  optim::SGD sgd(mlp.parameters(), {.lr = lr});
  data::DataLoader loader(digits, {.batch_size = batch_size, .drop_last = true});
  const std::int64_t every = batch_size < 32 ? 8 : 2;
  while (static_cast<double>(sgd.step_count()) < limit) {
    for (auto& [x, y] : loader) {
      sgd.zero_grad();
      const Tensor losses = cross_entropies(mlp(x), y);
      if (!std::isfinite(losses.detach().sum().item())) return kNever;
      Tensor norms;
      if (noise) norms = per_sample_gradient_norms(losses, mlp.parameters());
      losses.mean().backward();
      if (noise) noise->update(norms, nn::clip_grad_norm_(mlp, kNever));
      sgd.step();
      if (sgd.step_count() % every == 0 && mean_loss(evaluate(mlp, judged)) <= kTarget) {
        return static_cast<double>(sgd.step_count());
      }
    }
  }
  return kNever;
}

struct Best {
  double steps = kNever;  ///< mean over 3 seeds
  double lr = 0;
};

/// The fewest steps over learning rates from `lr` on, each `ratio` times the one before, until the
/// best one has been left behind.
Best best(const data::MNIST& digits, const data::Dataset& judged, std::int64_t batch_size,
          double lr, double ratio, std::uint64_t seed) {
  Best result;
  for (; lr < (result.lr > 0 ? 2.5 * result.lr : 2); lr *= ratio) {
    double steps = 0;
    for (std::uint64_t i = 0; i < 3; ++i) {
      steps += steps_to_target(digits, judged, batch_size, lr, std::min(2 * result.steps, 4000.0),
                               3 * seed + i) /
               3;
    }
    if (steps < result.steps) result = {steps, lr};
  }
  return result;
}

/// S = S_min (1 + B_c / B), fitted to the relative errors: linear least squares in (S_min, K) with
/// K = S_min B_c.
std::pair<double, double> fit(const std::vector<double>& sizes, const std::vector<double>& steps) {
  double aa = 0, ab = 0, bb = 0, a1 = 0, b1 = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const double a = 1 / steps[i];
    const double b = 1 / (steps[i] * sizes[i]);
    aa += a * a, ab += a * b, bb += b * b, a1 += a, b1 += b;
  }
  const double determinant = aa * bb - ab * ab;
  const double least = (a1 * bb - b1 * ab) / determinant;
  const double k = (b1 * aa - a1 * ab) / determinant;
  return {least, k / least};
}

Findings run(const Conditions& lab) {
  const data::MNIST digits(lab.data);
  const data::Subset judged = first(digits, 500);
  std::vector<double> sizes, steps, examples;
  double lr = 0.01;
  double lr_of_64 = 0;
  for (std::int64_t b = 4; b <= 512; b *= 2) {
    const Best found =
        best(digits, judged, b, lr / 2, lab.either(std::sqrt(2.0), std::pow(2.0, 0.25)), lab.seed);
    lr = found.lr;
    sizes.push_back(static_cast<double>(b));
    steps.push_back(found.steps);
    examples.push_back(found.steps * static_cast<double>(b));
    if (b == 64) lr_of_64 = found.lr;
    lab.progress(std::log2(static_cast<double>(b) / 2) / 9);
  }
  const auto [least, critical] = fit(sizes, steps);
  optim::GradientNoiseScale noise;
  steps_to_target(digits, judged, 64, lr_of_64, 4000, 3 * lab.seed, &noise);
  const optim::Estimate meter = noise.critical_batch_size();

  Table table({"B", "fewest updates S", "fit", "examples E = B S", "(S/Smin − 1)(E/Emin − 1)"});
  std::vector<double> law;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    law.push_back(least * (1 + critical / sizes[i]));
    table.row(sizes[i], steps[i], law[i], examples[i],
              (steps[i] / least - 1) * (examples[i] / (least * critical) - 1));
  }
  Plot plot(
      log_log(str("Updates to a training loss of ", shown(kTarget)), "batch size B", "updates S"));
  plot.points("measured, each at its best η", sizes, steps);
  plot.theory("Smin (1 + Bc/B)", sizes, law);
  Findings findings;
  findings
      .text(
          "Below the critical batch size twice the batch needs half the updates; above it, as "
          "many. "
          "In between (S/Smin − 1)(E/Emin − 1) = 1 (McCandlish et al. 2018), so S = Smin (1 + "
          "Bc/B). "
          "The meter, optim::GradientNoiseScale, estimates Bc as tr Σ/|G|² from the norms of "
          "single "
          "examples' gradients during one run with B = 64. It takes the loss's curvature for the "
          "same in all directions, so that a factor between the two is expected.")
      .plot(plot)
      .table(table)
      .text(str("Fitted Bc = ", shown(critical), ", the meter says ", shown(meter.value), " ± ",
                shown(meter.standard_error), "."))
      .verdict(within("log₁₀ of fitted over metered critical batch size",
                      std::log10(critical / meter.value), 0, std::log10(3.0)))
      .verdict(at_least("updates saved from B = 4 to 8, factor", steps[0] / steps[1], 1.4))
      .verdict(at_most("updates saved from B = 256 to 512, factor", steps[6] / steps[7], 1.4));
  return findings;
}

}  // namespace

namespace lab {
extern const Experiment critical_batch_size;
const Experiment critical_batch_size{
    "critical_batch_size", "The critical batch size", "Mini-batch size selection",
    "From which batch size on do larger batches stop saving updates?", run};
}  // namespace lab
