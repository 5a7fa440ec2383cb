// What an epoch of N = 60,000 examples costs for each batch size, and an update.

#include <algorithm>
#include <cmath>
#include <ctime>

#include <tarn/tarn.h>

#include "../experiment.h"

using namespace tarn;

namespace {

constexpr std::int64_t kExamples = 60'000;

struct Update {
  double seconds;  ///< of the processor, the median of several
  double flops;
};

/// What an update of 784-128-10 costs.
Update cost_of_update(std::int64_t batch_size) {
  nn::Sequential mlp(nn::Linear(784, 128), nn::ReLU(), nn::Linear(128, 10));
  optim::SGD sgd(mlp.parameters(), {.lr = 0.01});
  const Tensor x = randn({batch_size, 784});
  const Tensor y = randint(0, 10, {batch_size});
  optim::CostMeter cost(sgd);
  cost.add(cross_entropy(mlp(x), y), batch_size);
  std::vector<double> seconds;
  for (int i = 0; i < 21; ++i) {
    const std::clock_t begin = std::clock();
    sgd.zero_grad();
    cross_entropy(mlp(x), y).backward();
    sgd.step();
    seconds.push_back(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
  }
  std::nth_element(seconds.begin(), seconds.begin() + 10, seconds.end());
  return {seconds[10], cost.flops()};
}

Findings run(const Conditions& lab) {
  const Tensor x = randn({kExamples, 4});
  const data::TensorDataset examples(x, randint(0, 3, {kExamples}));
  const std::vector<std::pair<std::int64_t, std::int64_t>> expected{
      {1, 60'000}, {16, 3750}, {64, 938}, {256, 235}, {1024, 59}, {kExamples, 1}};
  Table table({"B", "updates", "gradients of examples", "last batch", "weight of its examples",
               "MFLOP per update of 784-128-10", "ms per update", "µs per example"});
  std::vector<double> sizes, times;
  Findings findings;
  for (const auto& [b, updates] : expected) {
    nn::Linear model(4, 3);
    optim::SGD sgd(model.parameters(), {.lr = 0.01});
    optim::CostMeter cost(sgd);
    data::DataLoader loader(examples, {.batch_size = b});
    std::int64_t last = 0;
    for (auto& [data, target] : loader) {
      sgd.zero_grad();
      const Tensor loss = cross_entropy(model(data), target);
      cost.add(0, target.size(0));
      loss.backward();
      sgd.step();
      last = target.size(0);
    }
    const Update update = cost_of_update(std::min<std::int64_t>(b, 4096));
    const auto size = static_cast<double>(std::min<std::int64_t>(b, 4096));
    table.row(b == kExamples ? "N" : str(b), cost.updates(), cost.example_gradients(), last,
              static_cast<double>(b) / static_cast<double>(last), update.flops / 1e6,
              1000 * update.seconds, 1e6 * update.seconds / size);
    sizes.push_back(size);
    times.push_back(1000 * update.seconds);
    findings
        .verdict(exactly(str("updates per epoch, B = ", b), static_cast<double>(cost.updates()),
                         static_cast<double>(updates)))
        .verdict(exactly(str("gradients of examples, B = ", b),
                         static_cast<double>(cost.example_gradients()), kExamples));
    lab.progress(static_cast<double>(sizes.size()) / 6);
  }
  Plot plot(log_log("Time of an update, 784-128-10", "batch size", "milliseconds"));
  plot.points("measured", sizes, times);
  std::vector<double> line;
  for (const double b : sizes) line.push_back(times.back() * b / sizes.back());
  plot.theory("in proportion to B", sizes, line);
  findings
      .text(
          "An epoch is ⌈N/B⌉ updates and always N gradients of examples. The last batch may be "
          "short: 60,000 = 58 · 1024 + 608, and averaging over it gives its examples 1.68 times "
          "the "
          "weight of the others. The time of an update goes with B only for large batches; small "
          "ones pay for reading and writing all weights for few examples. (The row N is timed with "
          "4,096 examples. Times are shown, not judged: other programs share the machine.)")
      .table(table)
      .plot(plot);
  return findings;
}

}  // namespace

namespace lab {
extern const Experiment cost;
const Experiment cost{"cost", "What an epoch and an update cost", "Complexity",
                      "How do updates, gradients and time depend on the batch size?", run};
}  // namespace lab
