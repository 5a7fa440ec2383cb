#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/autograd/backward.h>
#include <tarn/autograd/per_sample.h>
#include <tarn/nn/clip_grad.h>
#include <tarn/optim/accumulator.h>
#include <tarn/optim/full_gradient.h>
#include <tarn/optim/gradient_noise_scale.h>
#include <tarn/optim/gradient_variance.h>
#include <tarn/optim/sgd.h>
#include <tarn/tensor/error.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"
#include "objectives.h"

namespace tarn::optim {
namespace {

using testing::copies;
using testing::fails_with;
using testing::leaf;
using testing::random;
using testing::same_bits;
using testing::SmallNetwork;

using Vector = std::array<double, 2>;
using Sizes = std::vector<std::int64_t>;

double norm(const Vector& v) { return std::hypot(v[0], v[1]); }

// One step with the given gradients of single examples, in parts of the given sizes.
void update(GradientNoiseScale& noise, const std::vector<Vector>& gradients, const Sizes& sizes) {
  std::vector<double> norms;
  Vector total{};
  std::size_t next = 0;
  for (const std::int64_t size : sizes) {
    Vector part{};
    for (std::int64_t i = 0; i < size; ++i, ++next) {
      for (std::size_t j = 0; j < 2; ++j) part[j] += gradients[next][j] / static_cast<double>(size);
    }
    norms.push_back(norm(part));
    for (std::size_t j = 0; j < 2; ++j) total[j] += part[j] * static_cast<double>(size);
  }
  for (double& x : total) x /= static_cast<double>(gradients.size());
  noise.update(norms, sizes, norm(total));
}

TEST(GradientNoiseScale, IsUnbiasedOverAllDrawsWithReplacement) {
  const std::vector<Vector> examples{{1, 0}, {2, -1}, {0.5, 3}, {-1, 1}};
  // By hand: mean (0.625, 0.75), mean squared norm (1 + 5 + 9.25 + 2) / 4.
  const double norm_squared = 0.625 * 0.625 + 0.75 * 0.75;
  const double trace = 17.25 / 4 - norm_squared;
  for (const Sizes& sizes : std::vector<Sizes>{{1, 1, 1}, {1, 2}, {2, 1}}) {
    GradientNoiseScale noise;
    for (const Vector& a : examples) {
      for (const Vector& b : examples) {
        for (const Vector& c : examples) update(noise, {a, b, c}, sizes);
      }
    }
    EXPECT_EQ(noise.n_updates(), 64);
    EXPECT_NEAR(noise.trace().value, trace, 1e-13) << sizes.size() << " parts";
    EXPECT_NEAR(noise.norm_squared().value, norm_squared, 1e-13) << sizes.size() << " parts";
    EXPECT_NEAR(noise.critical_batch_size().value, trace / norm_squared, 1e-12);
  }
}

TEST(GradientNoiseScale, GivesTheEstimatesOfTheReferenceForTwoBatchSizes) {
  // McCandlish et al. 2018, appendix A.1, with B_small = 4, B_big = 12 and norms^2 9, 4.
  GradientNoiseScale noise;
  noise.update(std::vector<double>{3, 3, 3}, Sizes{4, 4, 4}, 2);
  EXPECT_NEAR(noise.norm_squared().value, (12.0 * 4 - 4.0 * 9) / (12 - 4), 1e-14);
  EXPECT_NEAR(noise.trace().value, (9.0 - 4.0) / (1.0 / 4 - 1.0 / 12), 1e-13);
  EXPECT_TRUE(std::isnan(noise.trace().standard_error)) << "one step says nothing of errors";
}

TEST(GradientNoiseScale, HasStandardErrorsThatCoverTheTruth) {
  // Gradients G + s z with z standard normal in 2 dimensions: tr(Sigma) = 2 s^2.
  constexpr double s = 1.5;
  const Vector g{0.6, 0.3};
  const double norm_squared = g[0] * g[0] + g[1] * g[1];
  int covered = 0;
  for (std::uint64_t run = 0; run < 40; ++run) {
    const std::vector<double> z = random({500 * 8 * 2}, run).to_vector();
    GradientNoiseScale noise;
    std::size_t next = 0;
    for (int step = 0; step < 500; ++step) {
      std::vector<Vector> gradients(8);
      for (Vector& v : gradients) {
        v = {g[0] + s * z[next], g[1] + s * z[next + 1]};
        next += 2;
      }
      update(noise, gradients, {3, 3, 2});
    }
    const auto within = [](const Estimate& estimate, double truth, double errors) {
      return std::abs(estimate.value - truth) < errors * estimate.standard_error;
    };
    EXPECT_TRUE(within(noise.trace(), 2 * s * s, 4));
    EXPECT_TRUE(within(noise.norm_squared(), norm_squared, 4));
    covered += within(noise.trace(), 2 * s * s, 1) ? 1 : 0;
    covered += within(noise.norm_squared(), norm_squared, 1) ? 1 : 0;
    covered += within(noise.critical_batch_size(), 2 * s * s / norm_squared, 1) ? 1 : 0;
  }
  // 68 % of 120, up to 4 standard deviations of that (the three of a run are not independent).
  EXPECT_GT(covered, 55);
  EXPECT_LT(covered, 108);
}

TEST(GradientNoiseScale, ForgetsEarlierStepsByItsDecay) {
  GradientNoiseScale noise({.decay = 0.5});
  std::vector<double> traces;
  for (const double part : {3.0, 2.0, 5.0}) {
    noise.update(std::vector<double>{part, part}, Sizes{1, 1}, 1);
    traces.push_back(2 * (part * part - 1));
  }
  const double mean = (0.25 * traces[0] + 0.5 * traces[1] + traces[2]) / 1.75;
  EXPECT_NEAR(noise.trace().value, mean, 1e-12);
  double squares = 0;
  for (std::size_t i = 0; i < 3; ++i)
    squares += std::exp2(static_cast<double>(i) - 2) * (traces[i] - mean) * (traces[i] - mean);
  const double w2 = 0.0625 + 0.25 + 1;
  const double variance = squares / (1.75 - w2 / 1.75);
  EXPECT_NEAR(noise.trace().standard_error, std::sqrt(variance * w2) / 1.75, 1e-12);
}

TEST(GradientNoiseScale, SaysWhatLimitsABatchSize) {
  GradientNoiseScale noise;
  // S = 90, |G|^2 = 9 in each step.
  for (int i = 0; i < 3; ++i) {
    noise.update(std::vector<double>{std::sqrt(99), std::sqrt(99)}, Sizes{1, 1}, std::sqrt(54));
  }
  EXPECT_NEAR(noise.critical_batch_size().value, 10, 1e-12);
  EXPECT_NEAR(noise.critical_batch_size().standard_error, 0, 1e-12);
  const BatchSizeLimit small = noise.limit(4);
  EXPECT_TRUE(small.noise_limited);
  EXPECT_NEAR(small.factor, 2.5, 1e-12);
  EXPECT_NEAR(small.step_factor, 3.5, 1e-12);
  EXPECT_NEAR(small.sample_factor, 1.4, 1e-12);
  const BatchSizeLimit large = noise.limit(40);
  EXPECT_FALSE(large.noise_limited);
  EXPECT_NEAR(large.factor, 4, 1e-12);
  EXPECT_NEAR(large.step_factor, 1.25, 1e-12);
  EXPECT_NEAR(large.sample_factor, 5, 1e-12);
  const std::string text = to_string(small);
  EXPECT_TRUE(
      text.starts_with("noise-limited: batch size 4 is 2.5 times below the critical 10 +- "))
      << text;
  EXPECT_TRUE(
      text.ends_with("; it takes 3.5 times the fewest steps and 1.4 times the fewest examples"))
      << text;
  EXPECT_TRUE(to_string(large).starts_with("curvature-limited: batch size 40 is 4 times above"));
}

TEST(GradientNoiseScale, IsInfiniteWhenTheNoiseHidesTheGradient) {
  GradientNoiseScale noise;
  EXPECT_TRUE(std::isnan(noise.critical_batch_size().value));
  EXPECT_TRUE(fails_with<ValueError>([&] { noise.limit(1); }, "GradientNoiseScale: limit: "));
  noise.update(std::vector<double>{1, 1}, Sizes{1, 1}, 0);
  EXPECT_EQ(noise.critical_batch_size().value, std::numeric_limits<double>::infinity());
  EXPECT_TRUE(noise.limit(1'000'000).noise_limited);
}

TEST(GradientNoiseScale, RefusesWhatMakesNoSenseAndStaysAsItWas) {
  GradientNoiseScale noise;
  const auto error = [&](const std::vector<double>& norms, const Sizes& sizes, double whole,
                         std::string_view text) {
    EXPECT_TRUE(fails_with<ValueError>([&] { noise.update(norms, sizes, whole); }, text));
    EXPECT_EQ(noise.n_updates(), 0);
  };
  error({1}, {4}, 1, "GradientNoiseScale: 1 norms of parts and 1 sizes: expected as many of both");
  error({1, 2}, {4}, 1, "GradientNoiseScale: 2 norms of parts and 1 sizes");
  error({1, -2}, {4, 4}, 1, "GradientNoiseScale: norm of a part = -2");
  error({1, 2}, {4, 0}, 1, "GradientNoiseScale: size of a part = 0");
  error({1, std::nan("")}, {4, 4}, 1, "GradientNoiseScale: norm of a part = ");
  error({1, 2}, {4, 4}, std::numeric_limits<double>::infinity(), "GradientNoiseScale: norm = inf");
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] {
        noise.update(zeros({2, 2}), 1);
      },
      "GradientNoiseScale: norms is of shape [2, 2]"));
  for (const double decay : {0.0, -1.0, 1.5, std::nan("")}) {
    EXPECT_TRUE(fails_with<ValueError>([&] { GradientNoiseScale({.decay = decay}); },
                                       "GradientNoiseScale: decay = "));
  }
}

TEST(GradientNoiseScale, GoesOnFromItsState) {
  GradientNoiseScale one({.decay = 0.9});
  one.update(std::vector<double>{3, 4}, Sizes{1, 2}, 2);
  one.update(std::vector<double>{2, 4}, Sizes{1, 2}, 1);
  GradientNoiseScale other({.decay = 0.9});
  other.load_state_dict(one.state_dict());
  for (GradientNoiseScale* noise : {&one, &other})
    noise->update(std::vector<double>{1, 5}, Sizes{2, 2}, 2);
  EXPECT_EQ(one.n_updates(), other.n_updates());
  EXPECT_EQ(one.trace().value, other.trace().value);
  EXPECT_EQ(one.norm_squared().standard_error, other.norm_squared().standard_error);
  EXPECT_TRUE(fails_with<ValueError>([&] { other.load_state_dict({}); }, "GradientNoiseScale: "));
  EXPECT_EQ(other.n_updates(), 3);
}

// ---- from a training loop ----------------------------------------------------------------------

struct Trainer {
  SmallNetwork net{24};
  GradientNoiseScale noise;
  SGD sgd{net.model.parameters(), {.lr = 0.05, .momentum = 0.9}};

  Tensor loss(std::int64_t start, std::int64_t count, Reduction reduction = Reduction::mean) {
    const Tensor output = net.model(net.inputs.narrow(0, start, count));
    const Tensor losses = SmallNetwork::losses(output, net.targets.narrow(0, start, count));
    return reduction == Reduction::mean ? losses.mean() : losses.sum();
  }

  // An epoch of steps of 10 examples in micro-batches of 4, 4 and 2; the last one is short.
  void train(bool measured, Reduction reduction = Reduction::mean) {
    Accumulator accumulate(
        sgd,
        {.batch_size = 10, .reduction = reduction, .noise_scale = measured ? &noise : nullptr});
    for (std::int64_t start = 0; start < 24;) {
      const std::int64_t count = start % 10 == 8 ? 2 : std::min<std::int64_t>(4, 24 - start);
      accumulate.backward(loss(start, count, reduction), count);
      start += count;
    }
    accumulate.flush();
  }
};

TEST(GradientNoiseScale, MeasuresTheMicroBatchesOfAnAccumulator) {
  for (const Reduction reduction : {Reduction::mean, Reduction::sum}) {
    Trainer run;
    run.sgd.set_lr(0);  // so that all steps are at the same parameters
    run.sgd.register_step_pre_hook([&](auto&) { nn::clip_grad_norm_(run.net.model, 1e-3); });
    run.train(true, reduction);

    GradientNoiseScale expected;
    const auto add = [&](std::int64_t start, const Sizes& sizes) {
      std::vector<double> norms;
      std::vector<std::int64_t> all;
      for (const std::int64_t size : sizes) {
        std::vector<std::int64_t> part;
        for (std::int64_t i = 0; i < size; ++i) part.push_back(start++);
        norms.push_back(batch_gradient(run.net.objective, part).norm());
        all.insert(all.end(), part.begin(), part.end());
      }
      if (sizes.size() > 1)
        expected.update(norms, sizes, batch_gradient(run.net.objective, all).norm());
    };
    add(0, {4, 4, 2});
    add(10, {4, 4, 2});
    EXPECT_EQ(run.noise.n_updates(), 2) << "the last step, of one part, tells nothing";
    EXPECT_NEAR(run.noise.trace().value, expected.trace().value, 1e-10);
    EXPECT_NEAR(run.noise.norm_squared().value, expected.norm_squared().value, 1e-10);
  }
}

TEST(GradientNoiseScale, LeavesTheTrainingThatItMeasuresAsItIs) {
  Trainer measured;
  Trainer plain;
  for (int epoch = 0; epoch < 3; ++epoch) {
    measured.train(true);
    plain.train(false);
  }
  const auto a = measured.net.model.parameters();
  const auto b = plain.net.model.parameters();
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(same_bits(a[i], b[i]));
  EXPECT_EQ(measured.noise.n_updates(), 6);
}

TEST(GradientNoiseScale, LeavesOutStepsThatAreNotFinite) {
  Trainer run;
  Accumulator accumulate(run.sgd, {.batch_size = 8, .noise_scale = &run.noise});
  accumulate.backward(run.loss(0, 4), 4);
  accumulate.backward(mul(run.loss(4, 4), std::numeric_limits<double>::infinity()), 4);
  EXPECT_EQ(run.sgd.step_count(), 1);
  EXPECT_EQ(run.noise.n_updates(), 0);
}

TEST(GradientNoiseScale, TakesTheGradientNormsOfSingleExamples) {
  Trainer run;
  const auto params = run.net.model.parameters();
  const Tensor losses = SmallNetwork::losses(run.net.model(run.net.inputs), run.net.targets);
  const Tensor norms = per_sample_gradient_norms(losses, params);
  losses.mean().backward();
  run.noise.update(norms, nn::clip_grad_norm_(run.net.model, 1e-3));
  // All examples at once: S is the sample variance, N / (N - 1) times that of the population.
  const GradientVariance variance = gradient_variance(run.net.objective);
  EXPECT_NEAR(run.noise.trace().value, variance.trace * 24 / 23, 1e-10);
  EXPECT_NEAR(run.noise.norm_squared().value, variance.norm_squared - variance.trace / 23, 1e-10);
}

}  // namespace
}  // namespace tarn::optim
