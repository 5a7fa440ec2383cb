#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include <tarn/autograd/backward.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/ops.h>
#include <tarn/autograd/per_sample.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/random.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"
#include "operands.h"

namespace tarn::testing {
namespace {

constexpr Tolerance kClose{.rtol = 1e-10, .atol = 1e-13};

class PerSample : public ::testing::Test {
 protected:
  Tensor random(const Shape& shape, DType dtype = kFloat64) {
    return randn(shape, generator_, {.dtype = dtype});
  }
  Tensor param(const Shape& shape, DType dtype = kFloat64) {
    return random(shape, dtype).requires_grad_();
  }

  // The norms of rows, from the gradients.
  static Tensor norms_of(const std::vector<Tensor>& gradients) {
    Tensor total;
    for (const Tensor& g : gradients) {
      const Tensor part = square(g.flatten(1)).sum({1});
      total = total.defined() ? total + part : part;
    }
    return sqrt(total);
  }

  // Both ways agree, the gradients of the examples add up to that of the batch, and the norms are
  // theirs.
  static void expect_right(const Tensor& losses, const std::vector<Tensor>& params,
                           const Tolerance& tolerance = kClose) {
    const auto fast = per_sample_gradients(losses, params);
    const auto slow = per_sample_gradients(losses, params, {.loop = true});
    const auto total = grad({losses.sum()}, params, {.retain_graph = true});
    ASSERT_EQ(fast.size(), params.size());
    for (std::size_t p = 0; p < params.size(); ++p) {
      EXPECT_TRUE(is_close(fast[p], slow[p], tolerance)) << "params[" << p << "]";
      EXPECT_TRUE(is_close(fast[p].sum({0}), total[p], tolerance)) << "params[" << p << "]";
      EXPECT_FALSE(fast[p].requires_grad());
    }
    const Tensor norms = norms_of(slow);
    EXPECT_TRUE(is_close(per_sample_gradient_norms(losses, params), norms, tolerance));
    EXPECT_TRUE(
        is_close(per_sample_gradient_norms(losses, params, {.loop = true}), norms, tolerance));
  }

 private:
  Generator generator_{42};
};

const CrossEntropyOptions kEach{.reduction = Reduction::none};

TEST_F(PerSample, OfALinearModelAreOuterProducts) {
  const Tensor x = random({5, 3});
  const Tensor w = param({2, 3});
  const Tensor b = param({2});
  const Tensor y = random({5, 2});
  const Tensor error = linear(x, w, b) - y;
  const Tensor losses = square(error).sum({1});
  const auto gradients = per_sample_gradients(losses, {w, b});
  const Tensor slope = error.detach() * 2;
  EXPECT_TRUE(is_close(gradients[0], unsqueeze(slope, 2) * unsqueeze(x, 1), kClose));
  EXPECT_TRUE(is_close(gradients[1], slope, kClose));
  expect_right(losses, {w, b});
}

TEST_F(PerSample, OfANetworkInBothPrecisions) {
  for (const DType dtype : {kFloat32, kFloat64}) {
    const std::vector<Tensor> p = {param({7, 4}, dtype), param({7}, dtype), param({3, 7}, dtype),
                                   param({3}, dtype)};
    const Tensor h = relu(linear(random({64, 4}, dtype), p[0], p[1]));
    const Tensor losses = cross_entropy(linear(h, p[2], p[3]), randint(0, 3, {64}), kEach);
    expect_right(losses, p, dtype == kFloat32 ? Tolerance{.rtol = 1e-4, .atol = 1e-5} : kClose);
  }
}

TEST_F(PerSample, LeaveTheGraphAndTheGradsForBackward) {
  const Tensor w = param({2, 3});
  const Tensor losses = square(linear(random({4, 3}), w)).sum({1});
  const Tensor norms = per_sample_gradient_norms(losses, {w});
  EXPECT_FALSE(w.grad().defined());
  losses.mean().backward();
  EXPECT_TRUE(w.grad().defined());
  EXPECT_TRUE(fails_with<AutogradError>([&] { per_sample_gradient_norms(losses, {w}); }, "",
                                        {"already been freed"}));
}

TEST_F(PerSample, OfAWeightThatIsUsedTwice) {
  const Tensor w = param({3, 3});
  const Tensor b = param({3});
  const Tensor h = tanh(linear(random({6, 3}), w, b));
  expect_right(cross_entropy(linear(h, w, b), randint(0, 3, {6}), kEach), {w, b});
}

TEST_F(PerSample, OfSequencesWithSeveralRowsEach) {
  const Tensor w = param({3, 4});
  const Tensor b = param({3});
  const Tensor y = tanh(linear(random({6, 5, 4}), w, b));  // [N, T, out]
  expect_right(square(y).sum({1, 2}), {w, b});
}

TEST_F(PerSample, OfAResultThatIsNotALeaf) {
  const Tensor v = param({2, 3});
  const Tensor w = tanh(v);
  expect_right(square(linear(random({4, 3}), w)).sum({1}), {w});
}

TEST_F(PerSample, AreZeroWhereALossDoesNotDepend) {
  const Tensor w = param({2, 3});
  const Tensor target = tensor({0, -100, 1});
  const Tensor losses = cross_entropy(linear(random({3, 3}), w), target, kEach);
  expect_right(losses, {w});
  EXPECT_EQ(per_sample_gradient_norms(losses, {w}).to_vector()[1], 0);
}

TEST_F(PerSample, OfNoAndOfOneExample) {
  const Tensor w = param({2, 3});
  const Tensor none = square(linear(random({0, 3}), w)).sum({1});
  EXPECT_EQ(per_sample_gradients(none, {w})[0].sizes(), Shape({0, 2, 3}));
  EXPECT_EQ(per_sample_gradient_norms(none, {w}).sizes(), Shape({0}));
  expect_right(square(linear(random({1, 3}), w)).sum({1}), {w});
}

TEST_F(PerSample, NaNStaysInItsExample) {
  const Tensor w = param({2, 3});
  const Tensor x = random({4, 3});
  x[2].fill_(std::numeric_limits<double>::quiet_NaN());
  const auto norms = per_sample_gradient_norms(square(linear(x, w)).sum({1}), {w}).to_vector();
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(std::isnan(norms[i]), i == 2) << i;
}

TEST_F(PerSample, OfTinyAndHugeGradients) {
  const Tensor w = param({2, 3}, kFloat32);
  for (const double scale : {1e-30, 1e-15, 1e12}) {
    const Tensor losses = (linear(random({8, 3}, kFloat32), w) * scale).sum({1});
    const Tensor norms = per_sample_gradient_norms(losses, {w});
    EXPECT_TRUE(is_close(norms, per_sample_gradient_norms(losses, {w}, {.loop = true}),
                         {.rtol = 1e-5, .atol = 0}))
        << scale;
  }
}

TEST_F(PerSample, OfAConvolutionalNetwork) {
  for (const std::int64_t groups : {1, 2}) {
    const std::vector<Tensor> p = {param({4, 2 / groups, 3, 3}), param({4}), param({3, 36}),
                                   param({3})};
    const Tensor h = relu(
        conv2d(random({5, 2, 6, 6}), p[0], p[1], {.stride = 2, .padding = 1, .groups = groups}));
    const Tensor losses =
        cross_entropy(linear(h.flatten(1), p[2], p[3]), randint(0, 3, {5}), kEach);
    expect_right(losses, p);
  }
}

TEST_F(PerSample, OfAConvolutionThatIsUsedTwiceWithPooling) {
  const Tensor w = param({2, 2, 3, 3});
  const Tensor h =
      max_pool2d(tanh(conv2d(random({4, 2, 8, 8}), w, {}, {.padding = 1})), {.kernel_size = 2});
  expect_right(square(conv2d(h, w)).sum({1, 2, 3}), {w});
}

// ---- what would give wrong numbers

TEST_F(PerSample, RefuseBatchNormInTrainingOnly) {
  const Tensor w = param({4, 2, 3, 3});
  const Tensor mean = zeros({4}, {.dtype = kFloat64});
  const Tensor variance = ones({4}, {.dtype = kFloat64});
  const Tensor h = conv2d(random({5, 2, 4, 4}), w);
  const auto losses = [&](bool training) {
    return square(batch_norm(h, mean, variance, {}, {}, {.training = training})).sum({1, 2, 3}) *
           random({5});
  };
  EXPECT_TRUE(fails_with<AutogradError>([&] { per_sample_gradient_norms(losses(true), {w}); },
                                        "per_sample_gradient_norms: losses[i] does not depend on "
                                        "row i alone of the result of conv2d (line "));
  expect_right(losses(false), {w});
}

TEST_F(PerSample, RefuseExamplesThatAreCoupled) {
  const Tensor w1 = param({4, 3});
  const Tensor w2 = param({2, 4});
  const Tensor h = linear(random({8, 3}), w1);
  const Tensor normalised = (h - h.mean({0})) / sqrt(square(h - h.mean({0})).mean({0}) + 1e-5);
  const Tensor losses = square(linear(normalised, w2)).sum({1});
  EXPECT_TRUE(fails_with<AutogradError>(
      [&] {
        per_sample_gradient_norms(losses, {w1, w2});
      },
      "per_sample_gradient_norms: losses[i] does not depend on "
      "row i alone of the result of linear (line ",
      {"BatchNorm", ".loop = true"}));
  // What follows the coupling is not affected by it.
  EXPECT_TRUE(is_close(per_sample_gradient_norms(losses, {w2}),
                       per_sample_gradient_norms(losses, {w2}, {.loop = true}), kClose));
  EXPECT_THROW(per_sample_gradients(square(linear(softmax(h, 0), w2)).sum({1}), {w1}),
               AutogradError);
}

TEST_F(PerSample, RefuseACouplingOfNeighbours) {
  const Tensor w = param({4, 3});
  const Tensor h = linear(random({8, 3}), w);
  const Tensor swapped = index_select(h, 0, tensor({1, 0, 3, 2, 5, 4, 7, 6}));
  EXPECT_THROW(per_sample_gradient_norms(square(h * swapped).sum({1}), {w}), AutogradError);
  EXPECT_THROW(per_sample_gradient_norms(square(swapped).sum({1}), {w}), AutogradError);
}

TEST_F(PerSample, RefuseABatchThatIsNotTheFirstDimension) {
  const Tensor w = param({2, 3});
  const Tensor y = tanh(linear(random({5, 6, 3}), w));                            // [T, N, out]
  EXPECT_THROW(per_sample_gradients(square(y).sum({0, 2}), {w}), AutogradError);  // 6 losses
  const Tensor z = linear(random({5, 3}), w);  // one row too few for 6 losses
  EXPECT_THROW(per_sample_gradients((z.sum() * random({6})), {w}), AutogradError);
}

TEST_F(PerSample, RefuseOpsThatMixTheExamples) {
  const Tensor x = random({5, 3});
  const Tensor w = param({3, 2});
  const Tensor losses = square(matmul(x, w)).sum({1});
  EXPECT_TRUE(fails_with<AutogradError>([&] { per_sample_gradients(losses, {w}); },
                                        "per_sample_gradients: params[0] is used by matmul (line ",
                                        {"linear()", ".loop = true"}));
  EXPECT_EQ(per_sample_gradients(losses, {w}, {.loop = true})[0].sizes(), Shape({5, 3, 2}));
  // One good use does not hide a bad one: weight decay.
  const Tensor v = param({2, 3});
  EXPECT_THROW(per_sample_gradients(square(linear(x, v)).sum({1}) + square(v).sum(), {v}),
               AutogradError);
}

TEST_F(PerSample, RefuseWrongArguments) {
  const Tensor w = param({2, 3});
  const Tensor losses = square(linear(random({4, 3}), w)).sum({1});
  EXPECT_TRUE(fails_with<ShapeError>([&] { per_sample_gradients(losses.mean(), {w}); },
                                     "per_sample_gradients: losses has shape []",
                                     {"Reduction::none"}));
  EXPECT_TRUE(fails_with<AutogradError>([&] { per_sample_gradients(losses, {random({2})}); },
                                        "per_sample_gradients: params[0] (shape [2])",
                                        {"does not require grad"}));
  EXPECT_TRUE(fails_with<AutogradError>(
      [&] {
        per_sample_gradients(losses, {w, param({7})});
      },
      "per_sample_gradients: the losses do not depend on "
      "params[1] (shape [7])"));
  EXPECT_THROW(per_sample_gradients(losses.detach(), {w}), AutogradError);
  EXPECT_THROW(per_sample_gradients(Tensor(), {w}), ValueError);
}

}  // namespace
}  // namespace tarn::testing
