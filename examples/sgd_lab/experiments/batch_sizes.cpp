// The same network on digits with B = 1, 16, 64 and 256 and the same learning rate: for equally
// many passes through the data, and for equally many updates.

#include <cmath>

#include <tarn/tarn.h>

#include "../../mnist_mlp/evaluation.h"
#include "../digits.h"
#include "../experiment.h"
#include "../statistics.h"

using namespace tarn;

namespace {

constexpr double kLr = 0.02;
constexpr std::int64_t kSizes[] = {1, 16, 64, 256};

struct Course {
  std::vector<double> examples, loss;  ///< on the training examples, on the way
  double accuracy;                     ///< on the test examples, in the end, in percent
};

/// SGD for `updates` updates; the training loss is measured 8 times.
Course train(const Digits& digits, std::int64_t batch_size, std::int64_t updates) {
  nn::Sequential mlp(nn::Linear(784, 64), nn::ReLU(), nn::Linear(64, 10));
  optim::SGD sgd(mlp.parameters(), {.lr = kLr});
  data::DataLoader loader(digits.train, {.batch_size = batch_size, .drop_last = true});
  Course course;
  while (sgd.step_count() < updates) {
    for (auto& [x, y] : loader) {
      if (sgd.step_count() >= updates) break;
      sgd.zero_grad();
      cross_entropy(mlp(x), y).backward();
      sgd.step();
      const std::int64_t t = sgd.step_count();
      if (t * 8 / updates == (t - 1) * 8 / updates) continue;
      course.examples.push_back(static_cast<double>(t * batch_size));
      course.loss.push_back(mean_loss(evaluate(mlp, digits.train)));
    }
  }
  course.accuracy = 100 * accuracy(evaluate(mlp, digits.test));
  return course;
}

struct Summary {
  std::vector<double> examples, loss, error;
  optim::Estimate final_loss, accuracy;
};

Summary summarize(const std::vector<Course>& runs) {
  Summary s;
  s.examples = runs[0].examples;
  std::vector<double> accuracies;
  for (const Course& run : runs) accuracies.push_back(run.accuracy);
  s.accuracy = estimate(accuracies);
  for (std::size_t i = 0; i < s.examples.size(); ++i) {
    std::vector<double> losses;
    for (const Course& run : runs) losses.push_back(run.loss[i]);
    s.final_loss = estimate(losses);
    s.loss.push_back(s.final_loss.value);
    s.error.push_back(s.final_loss.standard_error);
  }
  return s;
}

/// Runs all batch sizes for as many updates as `updates(B)` says, 5 seeds each.
std::vector<Summary> compare(const Digits& digits, const std::string& title, Findings& findings,
                             const std::function<std::int64_t(std::int64_t)>& updates) {
  Table table(
      {title, "updates", "training loss", "standard error", "test accuracy %", "standard error"});
  Plot plot(log_log(title, "examples seen", "training loss"));
  std::vector<Summary> all;
  for (const std::int64_t b : kSizes) {
    std::vector<Course> runs;
    for (int seed = 0; seed < 5; ++seed) runs.push_back(train(digits, b, updates(b)));
    all.push_back(summarize(runs));
    const Summary& s = all.back();
    plot.line(str("B = ", b), s.examples, s.loss);
    table.row(str("B = ", b), updates(b), s.final_loss.value, s.final_loss.standard_error,
              s.accuracy.value, s.accuracy.standard_error);
  }
  findings.plot(plot).table(table);
  return all;
}

/// By how many standard errors the loss of a exceeds that of b.
double distance(const Summary& a, const Summary& b) {
  return (a.final_loss.value - b.final_loss.value) /
         std::hypot(a.final_loss.standard_error, b.final_loss.standard_error);
}

Findings run(const Conditions& lab) {
  const Digits digits(lab.data);
  const std::int64_t n = digits.train.size();
  Findings findings;
  findings.text(str("784-64-10 on ", n, " digits, η = ", kLr, " for all, means of 5 seeds. For ",
                    "equally many passes, small batches make more updates and come farther."));
  const auto epochs = compare(digits, "Equal passes through the data", findings,
                              [&](std::int64_t b) { return 4 * n / b; });
  lab.progress(0.5);
  findings.text(
      "For equally many updates, large batches see more examples, and their steps are less noisy. "
      "What is gained from B = 64 to 256, with four times the work, is little: these updates are "
      "limited by their length, no longer by their noise.");
  const std::int64_t updates = lab.either(500, 4000);
  const auto equal =
      compare(digits, "Equal updates", findings, [&](std::int64_t) { return updates; });
  findings
      .verdict(at_least("equal passes: loss of B = 64 over B = 16, in standard errors",
                        distance(epochs[2], epochs[1]), 3))
      .verdict(at_least("equal passes: loss of B = 256 over B = 64, in standard errors",
                        distance(epochs[3], epochs[2]), 3))
      .verdict(at_least("equal updates: loss of B = 1 over B = 16, in standard errors",
                        distance(equal[0], equal[1]), 3))
      .verdict(at_most("equal updates: loss of B = 256 over B = 64, in standard errors",
                       distance(equal[3], equal[2]), 3));
  return findings;
}

}  // namespace

namespace lab {
extern const Experiment batch_sizes;
const Experiment batch_sizes{"batch_sizes", "Batch sizes 1, 16, 64, 256", "Exercise 3",
                             "How does training depend on the batch size alone?", run};
}  // namespace lab
