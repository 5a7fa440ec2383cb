#include <cmath>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/optim/optim.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/str.h>

#include "../derived_classes.h"
#include "leaves.h"

// Every schedule against what PyTorch's sets in 1,000 steps; see make_schedule_fixtures.py.
namespace tarn::optim {
namespace {

using testing::derived_classes;
using testing::leaf;

constexpr std::int64_t kSteps = 1000;

struct Fixture {
  std::vector<double> lrs;
  std::vector<double> momenta;  ///< empty when the schedule leaves the momentum alone
};

std::vector<double> read_runs(std::istringstream& line) {
  std::vector<double> values;
  for (std::string word; line >> word;) {
    const std::size_t star = word.find('*');
    const std::size_t count = star == std::string::npos ? 1 : std::stoul(word.substr(star + 1));
    values.insert(values.end(), count, std::stod(word.substr(0, star)));
  }
  return values;
}

std::map<std::string, Fixture> fixtures() {
  const std::string path = TARN_SOURCE_DIR "/tests/fixtures/schedules.txt";
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::map<std::string, Fixture> all;
  Fixture* current = nullptr;
  for (std::string text; std::getline(file, text);) {
    std::istringstream line(text);
    std::string word;
    line >> word;
    if (word == "case") current = &all[text.substr(5)];
    if (word == "lr") current->lrs = read_runs(line);
    if (word == "momentum") current->momenta = read_runs(line);
  }
  return all;
}

std::vector<std::int64_t> kept() {
  std::vector<std::int64_t> ts;
  for (std::int64_t t = 0; t <= kSteps; t += t < 100 ? 1 : 9) ts.push_back(t);
  return ts;
}

// PyTorch multiplies its way from step to step; near 0 the cosine keeps fewer digits of what it
// falls from, hence the absolute part.
bool is_near(double actual, double expected) {
  return std::abs(actual - expected) <= 1e-12 * std::abs(expected) + 1e-15;
}

std::map<std::string, Schedule> schedules() {
  using std::vector;
  const CyclicLROptions cyclic{.base_lr = 0.1, .max_lr = 0.9, .step_size_up = 64};
  CyclicLROptions triangular2 = cyclic;
  triangular2.step_size_up = 40;
  triangular2.step_size_down = 10;
  triangular2.mode = CyclicMode::triangular2;
  triangular2.base_momentum = 0.7;
  triangular2.max_momentum = 0.95;
  CyclicLROptions exp_range = cyclic;
  exp_range.mode = CyclicMode::exp_range;
  exp_range.gamma = 0.995;
  CyclicLROptions own = cyclic;
  own.scale_fn = [](double cycle) { return 1 / cycle; };
  CyclicLROptions iterations = cyclic;
  iterations.scale_fn = [](double t) { return 1 / (1 + t); };
  iterations.scale_mode = CyclicScaleMode::iterations;
  iterations.cycle_momentum = false;
  return {
      {"LambdaLR",
       LambdaLR([](std::int64_t t) { return 1 / (1 + 0.25 * static_cast<double>(t)); })},
      {"MultiplicativeLR", MultiplicativeLR([](std::int64_t t) { return t % 100 == 0 ? 0.5 : 1; })},
      {"StepLR", StepLR({.step_size = 30, .gamma = 0.9})},
      {"MultiStepLR", MultiStepLR({.milestones = {300, 20, 20, 640}, .gamma = 0.5})},
      {"ConstantLR", ConstantLR({.factor = 0.25, .total_iters = 7})},
      {"LinearLR", LinearLR()},
      {"LinearLR down", LinearLR({.start_factor = 0.9, .end_factor = 0.1, .total_iters = 600})},
      {"ExponentialLR", ExponentialLR({.gamma = 0.99})},
      {"PolynomialLR", PolynomialLR({.total_iters = 600, .power = 2})},
      {"PolynomialLR defaults", PolynomialLR()},
      {"CosineAnnealingLR", CosineAnnealingLR({.T_max = kSteps, .eta_min = 0.01})},
      {"CosineAnnealingWarmRestarts", CosineAnnealingWarmRestarts({.T_0 = 40})},
      {"CosineAnnealingWarmRestarts mult",
       CosineAnnealingWarmRestarts({.T_0 = 7, .T_mult = 3, .eta_min = 0.05})},
      {"CyclicLR", CyclicLR({.base_lr = 0.1, .max_lr = 0.9, .step_size_up = 40})},
      {"CyclicLR triangular2", CyclicLR(triangular2)},
      {"CyclicLR exp_range", CyclicLR(exp_range)},
      {"CyclicLR scale_fn", CyclicLR(own)},
      {"CyclicLR iterations", CyclicLR(iterations)},
      {"OneCycleLR", OneCycleLR({.max_lr = 0.9, .total_steps = kSteps + 1})},
      {"OneCycleLR linear", OneCycleLR({.max_lr = 0.9,
                                        .epochs = 7,
                                        .steps_per_epoch = 143,
                                        .pct_start = 0.4,
                                        .anneal_strategy = AnnealStrategy::linear,
                                        .base_momentum = 0.8,
                                        .max_momentum = 0.9,
                                        .div_factor = 10,
                                        .final_div_factor = 100})},
      {"CyclicLR second group", CyclicLR({.base_lr = {0.1, 0.2},
                                          .max_lr = {0.9, 0.6},
                                          .step_size_up = 40,
                                          .base_momentum = {0.8, 0.7},
                                          .max_momentum = {0.9, 0.95}})},
      {"OneCycleLR second group", OneCycleLR({.max_lr = {0.9, 0.4},
                                              .total_steps = kSteps + 1,
                                              .base_momentum = {0.85, 0.6},
                                              .max_momentum = {0.95, 0.7}})},
      {"OneCycleLR three_phase", OneCycleLR({.max_lr = 0.9,
                                             .total_steps = kSteps + 1,
                                             .cycle_momentum = false,
                                             .three_phase = true})},
      {"InverseSqrtLR", InverseSqrtLR()},
      {"InverseTimeLR", InverseTimeLR({.alpha = 0.02})},
      {"WarmupLR",
       WarmupLR(StepLR({.step_size = 50, .gamma = 0.8}), {.total_iters = 20, .start_factor = 0.1})},
      {"SequentialLR",
       SequentialLR({LinearLR({.total_iters = 20}), StepLR({.step_size = 50, .gamma = 0.8}),
                     ExponentialLR({.gamma = 0.995})},
                    {.milestones = {20, 400}})},
      {"ChainedScheduler",
       ChainedScheduler({LinearLR({.total_iters = 20}), ExponentialLR({.gamma = 0.995}),
                         MultiStepLR({.milestones = {100, 500}})})},
  };
}

TEST(Schedules, HavePyTorchsValues) {
  const auto expected = fixtures();
  const std::vector<std::int64_t> ts = kept();
  for (const auto& [name, schedule] : schedules()) {
    SCOPED_TRACE(name);
    const Fixture& fixture = expected.at(name);
    ASSERT_EQ(fixture.lrs.size(), ts.size());
    const std::size_t group = name.ends_with("second group") ? 1 : 0;
    for (std::size_t i = 0; i < ts.size(); ++i) {
      const double lr = schedule->lr(ts[i], 0.5, group);
      ASSERT_TRUE(is_near(lr, fixture.lrs[i]))
          << "t = " << ts[i] << ": " << str(lr, ", expected ", fixture.lrs[i]);
      const auto momentum = schedule->momentum(ts[i], group);
      ASSERT_EQ(momentum.has_value(), !fixture.momenta.empty());
      if (momentum) {
        ASSERT_TRUE(is_near(*momentum, fixture.momenta[i])) << "momentum at t = " << ts[i];
      }
    }
  }
}

// Schedules that PyTorch has nothing to compare with, and where they are tested.
const std::map<std::string, std::string> kNotApplicable = {
    {"GrowBatch", "PyTorch has no growing batches: see robbins_monro_test.cpp"}};

TEST(Schedules, AreAllInTheTable) {
  std::map<std::string, int> cases;
  for (const auto& [name, schedule] : schedules()) ++cases[name.substr(0, name.find(' '))];
  std::set<std::string> covered;
  for (const auto& [name, count] : cases) covered.insert(name);
  for (const auto& [name, reason] : kNotApplicable) {
    EXPECT_TRUE(covered.insert(name).second) << name << " is in the table: " << reason;
  }
  EXPECT_EQ(derived_classes("optim", "LRScheduler"), covered)
      << "the classes of optim/*.h and those of the table";
  std::cout << "classes derived from LRScheduler: " << covered.size()
            << ", in the table: " << covered.size() - kNotApplicable.size()
            << ", not applicable: " << kNotApplicable.size();
  for (const auto& [name, reason] : kNotApplicable)
    std::cout << " (" << name << ": " << reason << ")";
  std::cout << "; cases of " << kSteps << " steps:";
  for (const auto& [name, count] : cases) std::cout << ' ' << name << ' ' << count;
  std::cout << "\n";
}

// The learning rates while sgd is trained and `step` called after every update.
void expect_lrs(SGD& sgd, const Fixture& fixture, const std::function<void(std::int64_t)>& step) {
  const Tensor& p = sgd.param_groups()[0].params[0];
  std::size_t i = 0;
  for (std::int64_t t = 0; t <= kSteps; ++t) {
    if (t < 100 || (t - 100) % 9 == 0) {
      ASSERT_TRUE(is_near(sgd.lr(), fixture.lrs[i]))
          << "t = " << t << ": " << str(sgd.lr(), ", expected ", fixture.lrs[i]);
      ++i;
    }
    p.set_grad(zeros_like(p));
    sgd.step();
    step(t);
  }
}

TEST(Schedules, ChainAsPyTorchsDoWhenTwoFollowOneOptimizer) {
  SGD sgd({leaf({0})}, {.lr = 0.5});
  LinearLR first(sgd, {.total_iters = 20});
  StepLR second(sgd, {.step_size = 50});
  expect_lrs(sgd, fixtures().at("two at once"), [&](std::int64_t) {
    first.step();
    second.step();
  });
}

TEST(ReduceLROnPlateau, HasPyTorchsValues) {
  const auto expected = fixtures();
  const std::map<std::string, ReduceLROnPlateauOptions> cases = {
      {"ReduceLROnPlateau", {}},
      {"ReduceLROnPlateau max",
       {.mode = PlateauMode::max,
        .factor = 0.8,
        .patience = 4,
        .threshold = 0.002,
        .threshold_mode = ThresholdMode::abs,
        .cooldown = 3,
        .min_lr = 0.001}},
      {"ReduceLROnPlateau eps", {.factor = 0.7, .patience = 8, .threshold = 0.01, .eps = 0.01}},
  };
  for (const auto& [name, options] : cases) {
    SCOPED_TRACE(name);
    SGD sgd({leaf({0})}, {.lr = 0.5});
    ReduceLROnPlateau plateau(sgd, options);
    expect_lrs(sgd, expected.at(name), [&](std::int64_t t) {
      plateau.step(1 / (1 + std::floor(static_cast<double>(t) / 60)) +
                   static_cast<double>(t * 37 % 11) * 0.001);
    });
  }
}

}  // namespace
}  // namespace tarn::optim
