// "Don't decay the learning rate, increase the batch size" (Smith et al. 2018), on digits.

#include <cmath>

#include <tarn/tarn.h>

#include "../../mnist_mlp/evaluation.h"
#include "../digits.h"
#include "../experiment.h"
#include "../statistics.h"

using namespace tarn;

namespace {

constexpr int kSeeds = 10;

enum class Way { constant, decay, grow };

struct Result {
  std::vector<double> loss;  ///< on the training examples after each epoch
  std::int64_t updates;
};

/// Three stages of `stage` epochs; from one to the next the noise, η/B, falls to a fifth.
Result train(const data::MNIST& digits, Way way, int stage) {
  nn::Sequential mlp(nn::Linear(784, 64), nn::ReLU(), nn::Linear(64, 10));
  optim::SGD sgd(mlp.parameters(), {.lr = 0.03});
  const optim::StepLR steps({.step_size = stage, .gamma = way == Way::constant ? 1 : 0.2});
  optim::GrowBatch schedule(sgd, steps,
                            {.batch_size = 8, .max_batch_size = way == Way::grow ? 200 : 8});
  data::DataLoader loader(digits, {.batch_size = 8});
  Result result;
  for (int epoch = 0; epoch < 3 * stage; ++epoch) {
    loader.set_batch_size(schedule.batch_size());
    train_epoch(mlp, sgd, loader);
    result.loss.push_back(mean_loss(evaluate(mlp, digits)));
    schedule.step();
  }
  result.updates = sgd.step_count();
  return result;
}

Findings run(const Conditions& lab) {
  const data::MNIST digits(lab.data);
  const int stage = lab.either(3, 2);
  Table table({"from stage to stage", "updates", "training loss", "standard error"});
  Plot plot({.title = str("Three stages, ", kSeeds, " seeds each"),
             .x = "epoch",
             .y = "training loss",
             .log_y = true});
  std::vector<optim::Estimate> finals;
  std::vector<double> updates;
  for (const auto& [name, way] : std::vector<std::pair<std::string, Way>>{
           {"nothing changes", Way::constant}, {"η / 5", Way::decay}, {"5 B", Way::grow}}) {
    std::vector<Result> runs;
    runs.reserve(kSeeds);
    for (int seed = 0; seed < kSeeds; ++seed) runs.push_back(train(digits, way, stage));
    std::vector<double> epoch, mean, finals_of_runs;
    for (std::size_t i = 0; i < runs[0].loss.size(); ++i) {
      epoch.push_back(static_cast<double>(i + 1));
      mean.push_back(0);
      for (const Result& r : runs) mean.back() += r.loss[i] / kSeeds;
    }
    for (const Result& r : runs) finals_of_runs.push_back(r.loss.back());
    finals.push_back(estimate(finals_of_runs));
    updates.push_back(static_cast<double>(runs[0].updates));
    plot.line(name, epoch, mean);
    table.row(name, runs[0].updates, finals.back().value, finals.back().standard_error);
    lab.progress(static_cast<double>(finals.size()) / 3);
  }
  Findings findings;
  findings
      .text(
          "The noise of SGD goes with η/B. Dividing η by 5 and multiplying B by 5 lower it alike, "
          "and so should give the same loss; the second takes fewer updates, which can run in "
          "parallel. (Whether the noise should fall at all is another question: where a network "
          "can fit every example, a rate that stays high may train faster.)")
      .plot(plot)
      .table(table)
      .verdict(at_most("loss of growing against decaying, in standard errors",
                       std::abs(distance(finals[1], finals[2])), 3))
      .verdict(within("updates, growing over decaying", updates[2] / updates[1],
                      (1 + 1.0 / 5 + 1.0 / 25) / 3, 0.01));
  return findings;
}

}  // namespace

namespace lab {
extern const Experiment growing_batch;
const Experiment growing_batch{"growing_batch", "Growing the batch", "Mini-batch size selection",
                               "Can the batch grow in place of a falling learning rate?", run};
}  // namespace lab
