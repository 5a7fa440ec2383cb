#include <numeric>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/autograd/functional.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/per_sample.h>
#include <tarn/nn/batch_norm.h>
#include <tarn/nn/dropout.h>
#include <tarn/optim/all_batches.h>
#include <tarn/optim/full_gradient.h>
#include <tarn/optim/gradient_variance.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/parallel.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"
#include "quadratics.h"

namespace tarn::optim {
namespace {

using testing::fails_with;
using testing::is_close;
using testing::leaf;
using testing::quadratic;
using testing::random;
using testing::same_bits;
using testing::SmallNetwork;
using testing::Tolerance;

std::vector<std::int64_t> first(std::int64_t count) {
  std::vector<std::int64_t> indices(static_cast<std::size_t>(count));
  std::iota(indices.begin(), indices.end(), std::int64_t{0});
  return indices;
}

// |a - b| / |b| over all parameters.
double distance(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  double off = 0;
  double size = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    off += sum(square(sub(a[i].to(kFloat64), b[i].to(kFloat64)))).item();
    size += sum(square(b[i].to(kFloat64))).item();
  }
  return std::sqrt(off / size);
}

TEST(FullGradient, IsTheMeanOfTheGradientsOfSingleExamples) {
  for (const DType dtype : {kFloat32, kFloat64}) {
    const SmallNetwork net(101, dtype);
    const auto& params = net.objective.params();
    std::vector<Tensor> mean;
    double loss = 0;
    for (const Tensor& p : params) mean.push_back(zeros(p.shape(), {.dtype = kFloat64}));
    for (std::int64_t i = 0; i < 101; ++i) {
      const Tensor own = net.objective.losses(std::vector{i});
      loss += own.item() / 101;
      const std::vector<Tensor> g = grad({own}, params);
      for (std::size_t p = 0; p < mean.size(); ++p) mean[p].add_(g[p], 1.0 / 101);
    }
    const LossGradient full = full_gradient(net.objective);
    EXPECT_LT(distance(full.gradient, mean), dtype == kFloat32 ? 1e-6 : 1e-12);
    EXPECT_NEAR(full.loss, loss, dtype == kFloat32 ? 1e-6 : 1e-13);
    EXPECT_EQ(full.gradient[0].dtype(), dtype);
    EXPECT_NEAR(full_loss(net.objective), full.loss, 1e-7);
    double square_norm = 0;
    for (const Tensor& g : full.gradient) square_norm += sum(square(g)).item();
    EXPECT_NEAR(full.norm(), std::sqrt(square_norm), 1e-6);
  }
}

// Sees how many examples are asked for at once.
struct Recorded {
  std::int64_t size() const { return inputs.size(0); }
  struct Batch {
    Tensor data;
    Tensor target;
  };
  Batch get_batch(std::span<const std::int64_t> indices) const {
    largest = std::max(largest, indices.size());
    const Tensor index = from_vector(std::vector(indices.begin(), indices.end()),
                                     {static_cast<std::int64_t>(indices.size())});
    return {inputs.index_select(0, index), targets.index_select(0, index)};
  }
  Tensor inputs;
  Tensor targets;
  mutable std::size_t largest = 0;
};

TEST(FullGradient, HasTheSameBitsForAnyChunkSizeAndNumberOfThreads) {
  SmallNetwork net(100, kFloat32);
  const LossGradient expected = full_gradient(net.objective);
  for (const int threads : {1, 3}) {
    const int before = get_num_threads();
    set_num_threads(threads);
    for (const std::int64_t chunk_size : {1, 7, 32, 33, 64, 99, 100, 1'000'000}) {
      const Recorded data{net.inputs, net.targets};
      const Objective objective(net.model, SmallNetwork::losses, data);
      const LossGradient streamed = full_gradient(objective, {.chunk_size = chunk_size});
      EXPECT_EQ(streamed.loss, expected.loss) << chunk_size;
      for (std::size_t i = 0; i < expected.gradient.size(); ++i)
        EXPECT_TRUE(same_bits(streamed.gradient[i], expected.gradient[i])) << chunk_size;
      EXPECT_LE(data.largest, static_cast<std::size_t>((chunk_size + 31) / 32 * 32));
    }
    set_num_threads(before);
  }
}

TEST(FullGradient, LeavesNoTraceAndWorksWhileNothingIsRecorded) {
  const SmallNetwork net(10);
  const Tensor& p = net.objective.params()[0];
  p.set_grad(ones_like(p.detach()));
  const NoGradGuard no_grad;
  const LossGradient full = full_gradient(net.objective);
  EXPECT_GT(full.norm(), 0);
  EXPECT_FALSE(full.gradient[0].requires_grad());
  EXPECT_TRUE(same_bits(p.grad(), ones_like(p.detach())));
}

TEST(FullGradient, IsZeroForAParameterThatTheLossDoesNotUse) {
  const Tensor used = leaf({1, 2});
  const Tensor unused = leaf({3});
  const Objective objective({used, unused},
                            [&](const Examples& b) { return mul(b[0], sum(square(used))); },
                            Examples{ones({4}, {.dtype = kFloat64})});
  const auto [loss, gradient] = full_gradient(objective);
  EXPECT_EQ(loss, 5);
  EXPECT_EQ(gradient[0].to_vector(), (std::vector<double>{2, 4}));
  EXPECT_EQ(gradient[1].to_vector(), std::vector<double>{0});
}

TEST(FullGradient, OfABatchIsTheMeanOverItsExamplesAlone) {
  const Tensor x = leaf({0, 0});
  const Tensor centers = random({6, 2}, 2);
  const Objective objective = quadratic(x, {1, 3}, centers);
  const std::vector<std::int64_t> batch{4, 1, 4};
  const auto [loss, gradient] = batch_gradient(objective, batch);
  const auto c = [&](std::int64_t i, std::int64_t j) { return centers[i][j].item(); };
  EXPECT_NEAR(gradient[0][0].item(), -(2 * c(4, 0) + c(1, 0)) / 3, 1e-15);
  EXPECT_NEAR(gradient[0][1].item(), -3 * (2 * c(4, 1) + c(1, 1)) / 3, 1e-15);
  EXPECT_TRUE(fails_with<ValueError>([&] { batch_gradient(objective, {}); }, "batch_gradient: "));
}

TEST(Objective, ExplainsWhatItWasGivenWrong) {
  SmallNetwork net(5);
  const Examples data{net.inputs, net.targets};
  const auto mean = [](const Tensor& output, const Tensor& target) {
    return mse_loss(output, target);
  };
  const auto each = [](const Tensor& output, const Tensor& target) {
    return square(sub(output, target));
  };
  EXPECT_TRUE(fails_with<ShapeError>([&] { full_loss(Objective(net.model, mean, data)); },
                                     "Objective: the losses of 5 examples have shape []",
                                     {"expected [5]", "Reduction::none"}));
  EXPECT_TRUE(fails_with<ShapeError>([&] { full_loss(Objective(net.model, each, data)); },
                                     "Objective: the losses of 5 examples have shape [5, 2]"));
  EXPECT_TRUE(fails_with<ValueError>([&] { Objective(net.model, nullptr, data); },
                                     "Objective: losses is empty"));
  EXPECT_TRUE(fails_with<ValueError>([&] { Objective(net.model, each, Examples{}); },
                                     "Objective: data is empty"));
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] { Objective(net.model, each, Examples{net.inputs, net.targets.slice(0, 0, 4)}); },
      "Objective: data[1] is of shape [4, 2]"));
  EXPECT_TRUE(fails_with<ValueError>(
      [&] { Objective(net.model, each, Examples{zeros({0, 3}), zeros({0, 2})}); },
      "Objective: number of examples = 0"));
  nn::Dropout without_parameters;
  EXPECT_TRUE(fails_with<ValueError>([&] { Objective(without_parameters, each, data); },
                                     "Objective: there are no parameters"));
  const auto none = [](const Examples&) { return Tensor(); };
  const Tensor x = leaf({1});
  EXPECT_TRUE(fails_with<AutogradError>([&] { Objective({x, ones({1})}, none, data); },
                                        "Objective: params[1] does not require grad"));
  EXPECT_TRUE(fails_with<AutogradError>([&] { Objective({mul(x, 2)}, none, data); },
                                        "Objective: params[0] is not a leaf"));
  EXPECT_TRUE(fails_with<ShapeError>([&] { full_loss(Objective({x}, none, data)); },
                                     "Objective: the losses of 5 examples have no tensor"));
  EXPECT_TRUE(fails_with<ValueError>(
      [&] { full_gradient(net.objective, {.chunk_size = 0}); }, "Objective: chunk_size = 0"));
  EXPECT_TRUE(fails_with<IndexError>(
      [&] { batch_gradient(net.objective, std::vector<std::int64_t>{5}); }, "index_select"));
}

// ---- the choice of a batch ---------------------------------------------------------------------

TEST(Binomial, CountsChoices) {
  EXPECT_EQ(binomial(8, 3), 56);
  EXPECT_EQ(binomial(5, 0), 1);
  EXPECT_EQ(binomial(0, 0), 1);
  EXPECT_EQ(binomial(66, 33), 7'219'428'434'016'265'800);
  EXPECT_EQ(binomial(4'000'000'000, 2), 7'999'999'998'000'000'000);
  EXPECT_TRUE(fails_with<ValueError>([] { binomial(68, 34); }, "binomial: 68 over 34"));
  EXPECT_TRUE(fails_with<ValueError>([] { binomial(3, 4); }, "binomial: k = 4: expected 0..3"));
}

TEST(ForEachBatch, GivesEachChoiceOnceInLexicographicOrder) {
  for (std::int64_t size = 1; size <= 7; ++size) {
    for (std::int64_t batch_size = 1; batch_size <= size; ++batch_size) {
      std::vector<std::vector<std::int64_t>> batches;
      for_each_batch(size, batch_size, [&](std::span<const std::int64_t> indices) {
        batches.emplace_back(indices.begin(), indices.end());
      });
      EXPECT_EQ(static_cast<std::int64_t>(batches.size()), binomial(size, batch_size));
      EXPECT_TRUE(std::ranges::is_sorted(batches));
      for (const auto& batch : batches) {
        EXPECT_EQ(std::set(batch.begin(), batch.end()).size(), batch.size());
        EXPECT_GE(batch.front(), 0);
        EXPECT_LT(batch.back(), size);
      }
      EXPECT_EQ(std::set(batches.begin(), batches.end()).size(), batches.size());
    }
  }
  EXPECT_TRUE(fails_with<ValueError>([] { for_each_batch(3, 4, [](auto) {}); },
                                     "for_each_batch: batch_size = 4: expected 1..3"));
  EXPECT_TRUE(fails_with<ValueError>([] { for_each_batch(60, 30, [](auto) {}); },
                                     "for_each_batch: there are 118264581564861424 batches"));
}

TEST(MiniBatch, IsAnUnbiasedEstimateOfTheGradientWithTheVarianceOfFinitePopulations) {
  const SmallNetwork net(8);
  const LossGradient full = full_gradient(net.objective);
  const GradientVariance variance = gradient_variance(net.objective);
  for (std::int64_t batch_size = 1; batch_size <= 8; ++batch_size) {
    const auto count = static_cast<double>(binomial(8, batch_size));
    std::vector<Tensor> mean;
    for (const Tensor& g : full.gradient) mean.push_back(zeros_like(g));
    double spread = 0;
    for_each_batch(8, batch_size, [&](std::span<const std::int64_t> indices) {
      const LossGradient batch = batch_gradient(net.objective, indices);
      for (std::size_t i = 0; i < mean.size(); ++i) {
        mean[i].add_(batch.gradient[i], 1 / count);
        spread += sum(square(sub(batch.gradient[i], full.gradient[i]))).item() / count;
      }
    });
    EXPECT_LT(distance(mean, full.gradient), 1e-15) << "B = " << batch_size;
    EXPECT_NEAR(spread, variance.shuffled(batch_size), 1e-13 * variance.trace)
        << "B = " << batch_size;
  }
}

// ---- the variance ------------------------------------------------------------------------------

TEST(GradientVariance, OfAQuadraticIsThatOfItsCenters) {
  const Tensor x = leaf({0.5, -1});
  const Tensor centers = random({50, 2}, 4);
  const GradientVariance variance = gradient_variance(quadratic(x, {1, 2}, centers), {.loop = true});
  const Tensor spread = var(centers, {0}, 0);
  const Tensor off = sub(x.detach(), centers.mean({0}));
  EXPECT_NEAR(variance.trace, spread[0].item() + 4 * spread[1].item(), 1e-13);
  EXPECT_NEAR(variance.norm_squared,
              off[0].item() * off[0].item() + 4 * off[1].item() * off[1].item(), 1e-13);
  EXPECT_EQ(variance.size, 50);
  EXPECT_NEAR(variance.noise_scale(), variance.trace / variance.norm_squared, 1e-15);
  EXPECT_EQ(variance.with_replacement(10), variance.trace / 10);
  EXPECT_NEAR(variance.shuffled(10), variance.trace / 10 * 40 / 49, 1e-15);
  EXPECT_EQ(variance.shuffled(50), 0);
  EXPECT_TRUE(fails_with<ValueError>([&] { variance.shuffled(51); },
                                     "GradientVariance: batch_size = 51: expected 1..50"));
  EXPECT_TRUE(fails_with<ValueError>([&] { variance.with_replacement(0); },
                                     "GradientVariance: batch_size = 0"));
}

TEST(GradientVariance, IsTheSameByRowNormsAndByALoopAndForAnyChunkSize) {
  const SmallNetwork net(70);
  const GradientVariance fast = gradient_variance(net.objective);
  const GradientVariance slow = gradient_variance(net.objective, {.loop = true});
  EXPECT_NEAR(fast.trace, slow.trace, 1e-12 * slow.trace);
  for (const std::int64_t chunk_size : {1, 33}) {
    EXPECT_EQ(gradient_variance(net.objective, {.chunk_size = chunk_size}).trace, fast.trace);
  }
}

TEST(GradientVariance, VanishesForEqualExamplesAndAtOneExample) {
  const Tensor x = leaf({2});
  const GradientVariance equal =
      gradient_variance(quadratic(x, {1}, zeros({5, 1}, {.dtype = kFloat64})), {.loop = true});
  EXPECT_EQ(equal.trace, 0);
  EXPECT_EQ(equal.norm_squared, 4);
  EXPECT_EQ(equal.noise_scale(), 0);
  const GradientVariance single =
      gradient_variance(quadratic(x, {1}, zeros({1, 1}, {.dtype = kFloat64})), {.loop = true});
  EXPECT_EQ(single.shuffled(1), 0);
}

TEST(GradientVariance, RefusesExamplesThatDependOnOneAnother) {
  nn::Sequential model(nn::Linear(3, 4), nn::BatchNorm1d(4), nn::Linear(4, 1));
  const Objective objective(
      model, [](const Tensor& output, const Tensor&) { return square(output).sum({1}); },
      Examples{random({40, 3}, 1, kFloat32), zeros({40})});
  EXPECT_THROW(gradient_variance(objective), AutogradError);
  model.eval();
  EXPECT_NO_THROW(gradient_variance(objective));
}

// ---- second derivatives ------------------------------------------------------------------------

TEST(HessianVectorProduct, IsTheHessianOfTheMeanTimesTheVector) {
  const Tensor x = leaf({1, -2, 0.5});
  const Objective objective(
      {x},
      [x](const Examples& b) {  // tanh(a . x)^2, with mixed second derivatives
        return square(tanh(matmul(b[0], x)));
      },
      Examples{random({70, 3}, 8)});
  const Tensor data = random({70, 3}, 8);
  const Tensor h = hessian(
      [&](const Tensor& p) { return square(tanh(matmul(data, p))).mean(); }, x);
  const Tensor v = random({3}, 9);
  for (const std::int64_t chunk_size : {1, 1024}) {
    const auto product = hessian_vector_product(objective, {v}, {.chunk_size = chunk_size});
    EXPECT_TRUE(is_close(product[0], matmul(h, v), {.rtol = 1e-12, .atol = 1e-14}));
  }
}

TEST(HessianVectorProduct, AgreesWithCentralDifferencesOfTheGradient) {
  const SmallNetwork net(40);
  const auto& params = net.objective.params();
  std::vector<Tensor> v;
  for (std::size_t i = 0; i < params.size(); ++i)
    v.push_back(random(params[i].shape(), 100 + i));
  const auto gradient_at = [&](double step) {
    const Objective::Restore restore(net.objective);
    const NoGradGuard no_grad;
    for (std::size_t i = 0; i < params.size(); ++i) params[i].add_(v[i], step);
    return full_gradient(net.objective).gradient;
  };
  const auto up = gradient_at(1e-5);
  const auto down = gradient_at(-1e-5);
  const auto product = hessian_vector_product(net.objective, v);
  for (std::size_t i = 0; i < v.size(); ++i) {
    EXPECT_TRUE(is_close(product[i], mul(sub(up[i], down[i]), 0.5e5),
                         {.rtol = 1e-6, .atol = 1e-8}));
  }
}

TEST(HessianVectorProduct, IsZeroForALinearLossAndChecksItsVector) {
  const Tensor x = leaf({1, 2});
  const Objective linear({x}, [x](const Examples& b) { return matmul(b[0], x); },
                         Examples{random({3, 2}, 1)});
  EXPECT_EQ(hessian_vector_product(linear, {random({2}, 2)})[0].to_vector(),
            (std::vector<double>{0, 0}));
  EXPECT_TRUE(fails_with<ShapeError>([&] { hessian_vector_product(linear, {}); },
                                     "hessian_vector_product: v has 0 tensors: expected 1"));
  EXPECT_TRUE(fails_with<ShapeError>([&] { hessian_vector_product(linear, {random({3}, 1)}); },
                                     "hessian_vector_product: v[0] has shape [3]"));
  EXPECT_TRUE(fails_with<DTypeError>(
      [&] { hessian_vector_product(linear, {random({2}, 1, kFloat32)}); },
      "hessian_vector_product: v[0] is float32"));
}

}  // namespace
}  // namespace tarn::optim
