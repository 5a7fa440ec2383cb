// |x| from x = 10, where every gradient has norm 1: how far a schedule can carry, and where noise
// leaves it.

#include <cmath>

#include <tarn/tarn.h>

#include "../experiment.h"

using namespace tarn;

namespace {

struct Course {
  std::vector<double> t, distance;  ///< mean of |x| over the runs
};

/// SGD on |x| with noise ± `noise` on each gradient, for 500 runs at once.
Course descend(const optim::Schedule& schedule, double noise, std::int64_t steps) {
  constexpr std::int64_t kRuns = 500;
  const Tensor x = full({kRuns}, 10, {.dtype = kFloat64, .requires_grad = true});
  optim::SGD sgd({x}, {.lr = 1});
  Course course;
  double next = 1;
  for (std::int64_t t = 0; t <= steps; ++t) {
    if (static_cast<double>(t + 1) >= next || t == steps) {
      next *= 1.2;
      course.t.push_back(static_cast<double>(t + 1));
      course.distance.push_back(x.detach().abs().mean().item());
    }
    sgd.set_lr(schedule->lr(t, 1));
    sgd.zero_grad();
    const Tensor sign = 2 * randint(0, 2, {kRuns}).to(kFloat64) - 1;
    (x.abs() + noise * sign * x).sum().backward();
    sgd.step();
  }
  return course;
}

std::string answer(const std::optional<bool>& yes) {
  return !yes ? "unknown" : *yes ? "yes" : "no";
}

Findings run(const Conditions& lab) {
  const std::int64_t steps = lab.either(10'000, 100'000);
  const std::vector<std::pair<std::string, optim::Schedule>> schedules{
      {"constant", optim::ConstantLR()},
      {"1/√t", optim::InverseSqrtLR()},
      {"inverse 1/(1 + 0.01 t)", optim::InverseTimeLR({.alpha = 0.01})},
      {"halved every 4", optim::StepLR({.step_size = 4, .gamma = 0.5})},
      {"cosine to 0 over 8", optim::CosineAnnealingLR({.T_max = 8})}};
  Table table({"schedule", "Σ η diverges", "Σ η² converges", "travel", "Σ η²", "|x| without noise",
               "|x| with noise"});
  Plot plot(log_log("|x| from 10, gradients sign(x) ± 1.5", "update t", "mean |x|"));
  std::vector<double> noisy, quiet;
  std::vector<optim::RobbinsMonro> answers;
  for (const auto& [name, schedule] : schedules) {
    answers.push_back(optim::robbins_monro(*schedule, 1));
    quiet.push_back(descend(schedule, 0, 160).distance.back());
    const Course course = descend(schedule, 1.5, steps);
    noisy.push_back(course.distance.back());
    plot.line(name, course.t, course.distance);
    const auto& a = answers.back();
    table.row(name, answer(a.sum_diverges), answer(a.squares_converge), a.travel, a.sum_of_squares,
              quiet.back(), noisy.back());
    lab.progress(static_cast<double>(noisy.size()) / 5);
  }
  // Σ 1/(1 + αt)² = ζ(2, 1/α)/α², by its asymptotic series in 1/α = 100.
  const double squares = 1e4 * (1 / 100.0 + 1 / (2 * 1e4) + 1 / (6 * 1e6));
  Findings findings;
  findings
      .text(
          "The section names three common schedules right after the Robbins-Monro conditions; only "
          "inverse decay meets both. 1/√t fails the second one, as its squares sum up like log t "
          "(its noise dies out all the same, more slowly). Step decay fails the first: all its "
          "steps together carry no farther than 2 · 4 · η₀ = 8, so from 10 it stops at 2. (After 4 "
          "k updates it is at 2 + 2^(3 − k) exactly. Some 200 updates on, the steps are below half "
          "the distance from 2 to the next double, and rounding would stop any descent.)")
      .plot(plot)
      .table(table)
      .verdict(exactly("schedules that meet both conditions (inverse decay)",
                       answers[0].satisfied() + answers[1].satisfied() + answers[2].satisfied() +
                           answers[3].satisfied() + answers[4].satisfied(),
                       answers[2].satisfied()))
      .verdict(exactly("step decay: travel", answers[3].travel, 8))
      .verdict(exactly("step decay without noise: |x| − 2 after 160 updates (2⁻³⁷)", quiet[3] - 2,
                       std::ldexp(1, -37)))
      .verdict(within("inverse decay: Σ η² (100.5017)", answers[2].sum_of_squares, squares, 1e-4))
      .verdict(at_least("constant rate: |x| that noise leaves", noisy[0], 0.3))
      .verdict(at_most("1/√t: |x| in the end over the constant rate's", noisy[1] / noisy[0], 0.1))
      .verdict(at_most("inverse decay: the same", noisy[2] / noisy[0], 0.1));
  return findings;
}

}  // namespace

namespace lab {
extern const Experiment robbins_monro;
const Experiment robbins_monro{
    "robbins_monro", "The Robbins-Monro conditions", "Learning rate decay",
    "Which schedules reach a minimum from anywhere, in spite of noise?", run};
}  // namespace lab
