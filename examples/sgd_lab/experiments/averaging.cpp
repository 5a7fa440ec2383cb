// Gradient h x - z along axes of curvature h = 1/2, 1 and 2, with noise z ~ N(0, 1): thousands of
// independent runs at once, a row of x each.

#include <cmath>

#include <tarn/tarn.h>

#include "../experiment.h"
#include "../statistics.h"

using namespace tarn;

namespace {

constexpr double kCurvature[3] = {0.5, 1, 2};
constexpr std::int64_t kRuns = 4000;

struct Runs : nn::Module {
  Tensor h = tensor({kCurvature[0], kCurvature[1], kCurvature[2]}, {.dtype = kFloat64});
  Tensor& x = parameter("x", zeros({kRuns, 3}, {.dtype = kFloat64}));
  Tensor loss(const Tensor& z) { return (0.5 * h * square(x) - z * x).sum(); }
};

struct Course {
  std::vector<double> t;
  std::vector<std::vector<double>> iterate, average;  ///< E x² over the runs, for each axis
};

std::vector<double> mean_square(const Tensor& x) {
  return square(x.detach()).mean({0}).to_vector();
}

Course descend(double lr, std::int64_t steps, const std::function<void(double)>& progress) {
  Runs runs;
  optim::SGD sgd(runs.parameters(), {.lr = lr});
  optim::AveragedModel average(runs);
  Course course;
  double next = 10;
  for (std::int64_t t = 1; t <= steps; ++t) {
    sgd.zero_grad();
    runs.loss(randn({kRuns, 3}, {.dtype = kFloat64})).backward();
    sgd.step();
    average.update();
    if (static_cast<double>(t) < next && t < steps) continue;
    next *= 1.3;
    course.t.push_back(static_cast<double>(t));
    course.iterate.push_back(mean_square(runs.x));
    const auto averages = average.apply();
    course.average.push_back(mean_square(runs.x));
    progress(static_cast<double>(t) / static_cast<double>(steps));
  }
  return course;
}

/// T E x̄² h² / s² after T updates: the draw k updates before the end counts 1 - (1 - ηh)^k.
double share_of_limit(double eta_h, std::int64_t steps) {
  double sum = 0;
  for (std::int64_t k = 1; k <= steps; ++k) {
    sum += std::pow(1 - std::pow(1 - eta_h, static_cast<double>(k)), 2);
  }
  return sum / static_cast<double>(steps);
}

std::vector<double> axis(const std::vector<std::vector<double>>& rows, std::size_t i) {
  std::vector<double> column;
  for (const auto& row : rows) column.push_back(row[i]);
  return column;
}

Findings run(const Conditions& lab) {
  const std::int64_t steps = lab.either(2000, 10'000);
  Findings findings;
  Plot plot(
      log_log("Curvature 1: iterates and their averages", "updates t", "mean squared distance"));
  Table table(
      {"learning rate", "curvature h", "iterate", "theory", "T · average", "theory", "T → ∞"});
  Course course;
  for (const double lr : {0.05, 0.2, 0.8}) {
    course = descend(lr, steps, lab.progress);
    plot.line(str("iterate, η = ", lr), course.t, axis(course.iterate, 1));
    plot.line(str("average, η = ", lr), course.t, axis(course.average, 1));
    for (int i = 0; i < 3; ++i) {
      const double h = kCurvature[i];
      const double scaled = static_cast<double>(steps) * course.average.back()[i];
      const double share = share_of_limit(lr * h, steps);
      table.row(lr, h, course.iterate.back()[i], lr / (h * (2 - lr * h)), scaled, share / (h * h),
                1 / (h * h));
      findings.verdict(
          within(str("T · E x̄² · h² / s², η = ", lr, ", h = ", h), scaled * h * h, share, 0.1));
    }
  }
  std::vector<double> law;
  for (const double t : course.t) law.push_back(1 / t);
  plot.theory("s² / t", course.t, law);
  findings
      .text(
          "A constant learning rate never settles: the iterate keeps a variance of η s² / (h (2 - "
          "ηh)). The plain average of all iterates does: after T updates its covariance is H⁻¹ Σ "
          "H⁻¹ / T, the best that any method can do with T noisy gradients, whatever η is "
          "(Polyak and Juditsky 1992). So a decaying rate is not the only way to converge.")
      .plot(plot)
      .table(table);
  return findings;
}

}  // namespace

namespace lab {
extern const Experiment averaging;
const Experiment averaging{"averaging", "Averaging the iterates", "Convergence of SGD",
                           "Can SGD converge without lowering the learning rate?", run};
}  // namespace lab
