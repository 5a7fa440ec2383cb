// The same network on digits with B = 1, 16, 64 and 256 and the same learning rate: for equally
// many passes through the data, and for equally many updates.

#include <cmath>
#include <functional>
#include <optional>

#include <tarn/tarn.h>

#include "../../mnist_mlp/evaluation.h"
#include "../digits.h"
#include "../experiment.h"
#include "../statistics.h"

using namespace tarn;

namespace {

constexpr double kLr = 0.02;

/// A way to train.
struct Way {
  std::string name;
  std::int64_t batch_size;
  double lr = kLr;
  bool averaged = false;  ///< judged at the average of the second half of the iterates
};

const std::vector<Way> kSizes{{"B = 1", 1}, {"B = 16", 16}, {"B = 64", 64}, {"B = 256", 256}};

struct Course {
  std::vector<double> examples, loss;  ///< on the training examples, on the way
  double accuracy;                     ///< on the test examples, in the end, in percent
  double seconds;                      ///< of training
};

/// SGD for `updates` updates; the training loss is measured 8 times.
Course train(const Digits& digits, const Way& way, std::int64_t updates) {
  nn::Sequential mlp(nn::Linear(784, 64), nn::ReLU(), nn::Linear(64, 10));
  optim::SGD sgd(mlp.parameters(), {.lr = way.lr});
  optim::AveragedModel average(mlp, {.skip = updates / 2});
  optim::CostMeter cost(sgd);
  data::DataLoader loader(digits.train, {.batch_size = way.batch_size, .drop_last = true});
  Course course;
  while (sgd.step_count() < updates) {
    for (auto& [x, y] : loader) {
      if (sgd.step_count() >= updates) break;
      sgd.zero_grad();
      cross_entropy(mlp(x), y).backward();
      sgd.step();
      if (way.averaged) average.update();
      const std::int64_t t = sgd.step_count();
      if (t * 8 / updates == (t - 1) * 8 / updates) continue;
      cost.pause();
      course.examples.push_back(static_cast<double>(t * way.batch_size));
      std::optional<optim::AveragedModel::Applied> averages;
      if (way.averaged) averages.emplace(average);
      course.loss.push_back(mean_loss(evaluate(mlp, digits.train)));
      if (t == updates) course.accuracy = 100 * accuracy(evaluate(mlp, digits.test));
      cost.resume();
    }
  }
  course.seconds = cost.seconds();
  return course;
}

struct Summary {
  std::vector<double> examples, loss;
  optim::Estimate final_loss, log_loss, accuracy, seconds;  ///< log_loss: of the final one
};

Summary summarize(const std::vector<Course>& runs) {
  Summary s;
  s.examples = runs[0].examples;
  std::vector<double> logarithms, accuracies, seconds;
  for (const Course& run : runs) {
    logarithms.push_back(std::log(run.loss.back()));
    accuracies.push_back(run.accuracy);
    seconds.push_back(run.seconds);
  }
  s.log_loss = estimate(logarithms);
  s.accuracy = estimate(accuracies);
  s.seconds = estimate(seconds);
  for (std::size_t i = 0; i < s.examples.size(); ++i) {
    std::vector<double> losses;
    losses.reserve(runs.size());
    for (const Course& run : runs) losses.push_back(run.loss[i]);
    s.final_loss = estimate(losses);
    s.loss.push_back(s.final_loss.value);
  }
  return s;
}

/// Runs each way for as many updates as `updates(B)` says, with `seeds` seeds each.
std::vector<Summary> compare(const Digits& digits, const std::string& title,
                             const std::vector<Way>& ways, int seeds, Findings& findings,
                             const std::function<std::int64_t(std::int64_t)>& updates) {
  Table table({title, "updates", "training loss", "s.e.", "test accuracy %", "s.e.", "seconds"});
  Plot plot(log_log(title, "examples seen", "training loss"));
  std::vector<Summary> all;
  for (const Way& way : ways) {
    const std::int64_t count = updates(way.batch_size);
    std::vector<Course> runs;
    runs.reserve(static_cast<std::size_t>(seeds));
    for (int seed = 0; seed < seeds; ++seed) runs.push_back(train(digits, way, count));
    all.push_back(summarize(runs));
    const Summary& s = all.back();
    plot.line(way.name, s.examples, s.loss);
    table.row(way.name, count, s.final_loss.value, s.final_loss.standard_error, s.accuracy.value,
              s.accuracy.standard_error, s.seconds.value);
  }
  findings.plot(plot).table(table);
  return all;
}

/// Compares logarithms of losses: with B = 1, one run in ten is so far off that it makes up most of
/// the standard error of the mean loss.
double loss_distance(const Summary& a, const Summary& b) {
  return distance(a.log_loss, b.log_loss);
}

Findings run(const Conditions& lab) {
  const Digits digits(lab.data);
  const std::int64_t n = digits.train.size();
  Findings findings;
  findings.text(str("784-64-10 on ", n, " digits, η = ", kLr, " for all, means of 5 seeds. For ",
                    "equally many passes, small batches make more updates and come farther."));
  const auto epochs = compare(digits, "Equal passes through the data", kSizes, 5, findings,
                              [&](std::int64_t b) { return 4 * n / b; });
  lab.progress(0.5);
  findings.text(
      "For equally many updates, large batches see more examples, and their steps are less noisy. "
      "What is gained from B = 64 to 256, with four times the work, is little: these updates are "
      "limited by their length, no longer by their noise.");
  const std::int64_t updates = lab.either(500, 4000);
  const auto equal =
      compare(digits, "Equal updates", kSizes, 5, findings, [&](std::int64_t) { return updates; });
  lab.progress(0.8);
  findings.text(
      "Pure SGD at a rate that suits B = 64 does not train at all: single examples throw the "
      "weights out. An eighth of the rate repairs that; at a rate between the two, where the noise "
      "holds the loss up, so does the average of the second half of the iterates.");
  const auto pure = compare(digits, "Pure SGD",
                            {{"B = 64, η = 0.08", 64, 4 * kLr},
                             {"B = 1, η = 0.08", 1, 4 * kLr},
                             {"B = 1, η = 0.01", 1, kLr / 2},
                             {"B = 1, η = 0.02", 1, kLr},
                             {"B = 1, η = 0.02, averaged", 1, kLr, true}},
                            10, findings, [&](std::int64_t b) { return lab.either(2, 1) * n / b; });
  findings
      .verdict(at_least("equal passes: loss of B = 64 over B = 16, in standard errors",
                        loss_distance(epochs[2], epochs[1]), 3))
      .verdict(at_least("equal passes: loss of B = 256 over B = 64, in standard errors",
                        loss_distance(epochs[3], epochs[2]), 3))
      .verdict(at_least("equal updates: loss of B = 1 over B = 16, in standard errors",
                        loss_distance(equal[0], equal[1]), 3))
      .verdict(at_most("equal updates: loss of B = 256 over B = 64, in standard errors",
                       loss_distance(equal[3], equal[2]), 3))
      .verdict(at_least("η = 0.08: loss of B = 1 over B = 64, in standard errors",
                        loss_distance(pure[1], pure[0]), 3))
      .verdict(at_least("B = 1: loss saved by an eighth of the rate, in standard errors",
                        loss_distance(pure[1], pure[2]), 3))
      .verdict(at_least("B = 1, η = 0.02: loss saved by averaging, in standard errors",
                        loss_distance(pure[3], pure[4]), 3));
  return findings;
}

}  // namespace

namespace lab {
extern const Experiment batch_sizes;
const Experiment batch_sizes{"batch_sizes", "Batch sizes 1, 16, 64, 256", "Exercise 3",
                             "How does training depend on the batch size alone?", run};
}  // namespace lab
