// Robbins and Monro's own problem: find the root of an unknown function from noisy values. Here the
// median of N(0, 1), seen only through "was the draw below x?"; thousands of searches at once.

#include <cmath>

#include <tarn/tarn.h>

#include "../experiment.h"

using namespace tarn;

namespace {

struct Rule {
  std::string name;
  std::function<double(double n)> step;
};

struct Course {
  std::vector<double> n, scaled_variance;
};

/// x ← x - a_n (1{draw <= x} - 1/2); n Var(x) on the way.
Course search(const Rule& rule, std::int64_t searches, std::int64_t steps) {
  Tensor x = zeros({searches}, {.dtype = kFloat64});
  Course course;
  double next = 10;
  for (std::int64_t i = 1; i <= steps; ++i) {
    const auto n = static_cast<double>(i);
    const Tensor below = le(randn({searches}, {.dtype = kFloat64}), x).to(kFloat64);
    x.sub_(below - 0.5, rule.step(n));
    if (n < next && i < steps) continue;
    next *= 1.4;
    course.n.push_back(n);
    course.scaled_variance.push_back(n * square(x).mean().item());
  }
  return course;
}

Findings run(const Conditions& lab) {
  const std::int64_t searches = lab.either(5'000, 20'000);
  const std::int64_t steps = lab.either(2000, 10'000);
  const double best = std::sqrt(2 * M_PI);  // 1 / density at the median
  Plot plot(log_log("How well n draws find the median", "draws n", "n · variance of x"));
  Table table({"step a_n", "n", "n · variance"});
  Findings findings;
  const std::vector<Rule> rules{{"√(2π) / n", [&](double n) { return best / n; }},
                                {"4 √(2π) / n", [&](double n) { return 4 * best / n; }},
                                {"1 / n", [](double n) { return 1 / n; }},
                                {"1 / √n", [](double n) { return 1 / std::sqrt(n); }}};
  std::vector<double> finals;
  for (const Rule& rule : rules) {
    const Course course = search(rule, searches, steps);
    plot.line(rule.name, course.n, course.scaled_variance);
    if (finals.empty()) {
      plot.theory("π/2", course.n, std::vector<double>(course.n.size(), M_PI / 2));
    }
    finals.push_back(course.scaled_variance.back());
    table.row(rule.name, steps, finals.back());
    lab.progress(static_cast<double>(finals.size()) / 4);
  }
  findings
      .text(
          "With a_n = c/n the error's variance falls like 1/n, if c times the slope of the unknown "
          "function at its root, here the density 1/√(2π), exceeds 1/2 (Chung 1954). The best c is "
          "one over the slope; n · variance then goes to (1/4) · 2π = π/2, which is what the "
          "sample median of n draws has when all are kept. c four times too large costs 16/7 of "
          "that; c = 1 is too small (0.4 < 1/2) and slower than 1/n; 1/√n keeps a variance of the "
          "order of its steps.")
      .plot(plot)
      .table(table)
      .verdict(within("n · variance at the best step", finals[0], M_PI / 2, 0.15 * M_PI / 2))
      .verdict(within("four times that step, over π/2", finals[1] / (M_PI / 2), 16.0 / 7, 0.35))
      .verdict(at_least("1/√n over the best step", finals[3] / finals[0], 5));
  return findings;
}

}  // namespace

namespace lab {
extern const Experiment median_1951;
const Experiment median_1951{"median_1951", "Robbins and Monro's median", "Historical note",
                             "How well does stochastic approximation find a root in noise?", run};
}  // namespace lab
