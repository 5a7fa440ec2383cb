// Gradient accumulation: micro-batches in place of a batch, also where they are not equally large.

#include <cmath>

#include <tarn/tarn.h>

#include "../digits.h"
#include "../experiment.h"

using namespace tarn;

namespace {

struct Model : nn::Module {
  nn::Linear& fc1 = add("fc1", nn::Linear(784, 32));
  nn::Linear& fc2 = add("fc2", nn::Linear(32, 10));
  Tensor forward(const Tensor& x) override { return fc2(tanh(fc1(x))); }
};

enum class Way { whole, by_examples, alike };

/// The weights after one update from random ones by the `count` first digits, in parts of 32.
Tensor step(const data::Batch& digits, std::int64_t count, Way way, DType dtype,
            std::uint64_t seed) {
  manual_seed(seed);
  Model model;
  model.to(dtype);
  optim::SGD sgd(model.parameters(), {.lr = 0.1});
  const Tensor x = digits.data.slice(0, 0, count).to(dtype);
  const Tensor y = digits.target.slice(0, 0, count);
  if (way == Way::whole) {
    cross_entropy(model(x), y).backward();
    sgd.step();
    return nn::parameters_to_vector(model.parameters());
  }
  optim::Accumulator accumulate(sgd, {.batch_size = count});
  const std::int64_t parts = (count + 31) / 32;
  for (std::int64_t i = 0; i < count; i += 32) {
    const Tensor part_y = y.slice(0, i, std::min(i + 32, count));
    const Tensor loss = cross_entropy(model(x.slice(0, i, std::min(i + 32, count))), part_y);
    if (way == Way::by_examples) {
      accumulate.backward(loss, part_y.size(0));
    } else {
      (loss / parts).backward();
    }
  }
  if (way == Way::alike) sgd.step();
  return nn::parameters_to_vector(model.parameters());
}

/// Examples whose gradients no update has used at the end of an epoch of the section's loop, with
/// batches of 100 in parts of 32.
std::int64_t left_over(const data::Dataset& digits) {
  Model model;
  optim::SGD sgd(model.parameters(), {.lr = 0.1});
  const std::int64_t accumulation_steps = 100 / 32;
  data::DataLoader loader(digits, {.batch_size = 32});
  std::int64_t i = 0;
  std::int64_t unused = 0;
  for (auto& [x, y] : loader) {
    (cross_entropy(model(x), y) / accumulation_steps).backward();
    unused += y.size(0);
    if (++i % accumulation_steps != 0) continue;
    sgd.step();
    sgd.zero_grad();
    unused = 0;
  }
  return unused;
}

/// The same with optim::Accumulator.
std::int64_t left_over_by_accumulator(const data::Dataset& digits) {
  Model model;
  optim::SGD sgd(model.parameters(), {.lr = 0.1});
  optim::Accumulator accumulate(sgd, {.batch_size = 100});
  data::DataLoader loader(digits, {.batch_size = 32});
  for (auto& [x, y] : loader) accumulate.backward(cross_entropy(model(x), y), y.size(0));
  accumulate.flush();
  return accumulate.count();
}

double relative(const Tensor& a, const Tensor& b) { return ((a - b).norm() / b.norm()).item(); }

Findings run(const Conditions& lab) {
  const data::MNIST mnist(lab.data);
  const data::Batch digits = mnist.get_batch(arange(128).to_vector<std::int64_t>());
  Table table({"examples", "type", "how", "difference from one batch, relative"});
  Findings findings;
  double alike = 0;
  for (const std::int64_t count : {128, 100}) {
    for (const DType dtype : {kFloat32, kFloat64}) {
      const Tensor whole = step(digits, count, Way::whole, dtype, lab.seed);
      const double right = relative(step(digits, count, Way::by_examples, dtype, lab.seed), whole);
      alike = relative(step(digits, count, Way::alike, dtype, lab.seed), whole);
      const std::string parts = count == 128 ? "128 = 4 · 32" : "100 = 3 · 32 + 4";
      table.row(parts, name(dtype), "by the number of examples", right);
      table.row(parts, name(dtype), "each part alike", alike);
      findings.verdict(
          at_most(str(parts, ", ", name(dtype)), right, dtype == kFloat32 ? 1e-6 : 1e-13));
    }
  }
  findings
      .text(
          "Accumulated gradients must be those of the whole batch. Dividing each part's mean loss "
          "by the number of parts is right only when all parts have the same size: of 100 examples "
          "in parts of 32, the last four count 25/4 = 6.25 times as much as they should. "
          "optim::Accumulator weighs parts by their number of examples. The section's loop also "
          "rounds: accumulation_steps = 100 // 32 = 3 makes batches of 96, and the 12 digits that "
          "are left of 300 take no step, but stay in the gradients of the next epoch; "
          "Accumulator::flush() steps with what is left.")
      .table(table)
      .verdict(at_least("parts counted alike, ragged: difference of the weights", alike, 1e-4))
      .verdict(exactly("the section's loop, 300 digits: left without an update",
                       static_cast<double>(left_over(first(mnist, 300))), 12))
      .verdict(exactly("Accumulator with flush(): left without an update",
                       static_cast<double>(left_over_by_accumulator(first(mnist, 300))), 0));
  return findings;
}

}  // namespace

namespace lab {
extern const Experiment accumulation;
const Experiment accumulation{"accumulation", "Gradient accumulation", "Practical details",
                              "Do micro-batches give the step of the whole batch?", run};
}  // namespace lab
