#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/nn/clip_grad.h>
#include <tarn/optim/accumulator.h>
#include <tarn/optim/sgd.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"
#include "leaves.h"
#include "warnings.h"

namespace tarn::optim {
namespace {

using testing::copies;
using testing::fails_with;
using testing::is_close;
using testing::leaf;
using testing::random_leaf;
using testing::same_bits;
using testing::Tolerance;
using testing::Warnings;

constexpr std::int64_t kExamples = 100;

struct Model {
  std::vector<Tensor> params;
  SGD sgd{params, {.lr = 0.1, .momentum = 0.9}};

  Tensor loss(const Tensor& x, const Tensor& y, Reduction reduction) const {
    return mse_loss(matmul(tanh(matmul(x, params[0])), params[1]), y, {.reduction = reduction});
  }
};

// Two epochs of all examples in micro-batches of `size`.
void train(Model& model, std::int64_t size, const Tensor& x, const Tensor& y, Reduction reduction) {
  // The sum is over 2 outputs of each example.
  if (reduction == Reduction::sum) model.sgd.set_lr(0.1 / (2 * kExamples));
  Accumulator accumulate(model.sgd, {.batch_size = kExamples, .reduction = reduction});
  for (int epoch = 0; epoch < 2; ++epoch) {
    for (std::int64_t start = 0; start < kExamples; start += size) {
      const std::int64_t count = std::min(size, kExamples - start);
      const Tensor loss =
          model.loss(x.narrow(0, start, count), y.narrow(0, start, count), reduction);
      EXPECT_EQ(accumulate.backward(loss, count), start + count == kExamples);
    }
    EXPECT_FALSE(accumulate.flush());
  }
}

TEST(Accumulator, EqualsTheBigBatchAlsoWhenTheLastMicroBatchIsShort) {
  for (const Reduction reduction : {Reduction::mean, Reduction::sum}) {
    for (const DType dtype : {kFloat32, kFloat64}) {
      const Tensor x = random_leaf({kExamples, 3}, 1, dtype).detach();
      const Tensor y = random_leaf({kExamples, 2}, 2, dtype).detach();
      const std::vector<Tensor> start = {random_leaf({3, 5}, 3, dtype),
                                         random_leaf({5, 2}, 4, dtype)};
      Model big{copies(start)};
      train(big, kExamples, x, y, reduction);
      EXPECT_EQ(big.sgd.step_count(), 2);
      for (const std::int64_t size : {50, 32, 7, 1}) {
        Model small{copies(start)};
        train(small, size, x, y, reduction);
        const Tolerance tolerance = dtype == kFloat32 ? Tolerance{.rtol = 1e-5, .atol = 1e-6}
                                                      : Tolerance{.rtol = 1e-13, .atol = 1e-14};
        for (std::size_t i = 0; i < start.size(); ++i) {
          EXPECT_TRUE(is_close(small.params[i], big.params[i], tolerance))
              << "micro-batches of " << size;
        }
      }
    }
  }
}

// The mean of w times the examples: its gradient is the mean of the examples.
Tensor mean_loss(const Tensor& w, const std::vector<double>& examples) {
  return (w * leaf(examples).detach()).mean();
}

TEST(Accumulator, WeighsWhatIsLeftAtTheEndOfAnEpochByItsExamples) {
  const Tensor w = leaf({0});
  SGD sgd({w}, {.lr = 1});
  Accumulator accumulate(sgd, {.batch_size = 8});
  EXPECT_FALSE(accumulate.backward(mean_loss(w, {1, 2, 6}), 3));
  EXPECT_FALSE(accumulate.backward(mean_loss(w, {7}), 1));
  EXPECT_EQ(accumulate.count(), 4);
  EXPECT_TRUE(accumulate.flush());
  EXPECT_EQ(w.item(), -4);
  EXPECT_EQ(accumulate.count(), 0);
  EXPECT_FALSE(accumulate.flush());
  // Nothing of that is in the next step.
  accumulate.backward(mean_loss(w, {0.5, 1.5}), 2);
  EXPECT_TRUE(accumulate.flush());
  EXPECT_EQ(w.item(), -5);
}

TEST(Accumulator, WeighsExamplesThatGoBeyondTheBatchEquallyToo) {
  const Tensor w = leaf({0});
  SGD sgd({w}, {.lr = 1});
  Accumulator accumulate(sgd, {.batch_size = 4});
  EXPECT_FALSE(accumulate.backward(mean_loss(w, {1, 2, 3}), 3));
  EXPECT_TRUE(accumulate.backward(mean_loss(w, {4, 5, 9}), 3));
  EXPECT_EQ(w.item(), -4);
}

TEST(Accumulator, ForSumsDoesNotWeighAtAll) {
  const Tensor w = leaf({0});
  SGD sgd({w}, {.lr = 1});
  Accumulator accumulate(sgd, {.batch_size = 8, .reduction = Reduction::sum});
  accumulate.backward((w * leaf({1, 2}).detach()).sum(), 2);
  accumulate.backward((w * leaf({4}).detach()).sum(), 1);
  accumulate.flush();
  EXPECT_EQ(w.item(), -7);
}

TEST(Accumulator, ForgetsGradientsThatWereThereBefore) {
  const Tensor w = leaf({0});
  SGD sgd({w}, {.lr = 1});
  w.set_grad(leaf({100}).detach());
  Accumulator accumulate(sgd, {.batch_size = 1});
  EXPECT_TRUE(accumulate.backward(mean_loss(w, {2}), 1));
  EXPECT_EQ(w.item(), -2);
}

TEST(Accumulator, ScalesGradientsThatTwoParametersShareOnce) {
  const Tensor a = leaf({0, 0});
  const Tensor b = leaf({0, 0});
  SGD sgd({a, b}, {.lr = 1});
  Accumulator accumulate(sgd, {.batch_size = 4});
  accumulate.backward((a + b).sum(), 1);
  accumulate.flush();
  EXPECT_EQ(a.to_vector(), (std::vector<double>{-1, -1}));
  EXPECT_EQ(b.to_vector(), (std::vector<double>{-1, -1}));
}

TEST(Accumulator, CallsHooksOnTheWholeGradient) {
  const Tensor w = leaf({0});
  SGD sgd({w}, {.lr = 1});
  double norm = 0;
  sgd.register_step_pre_hook([&](Optimizer&) { norm = nn::clip_grad_norm_({w}, 1); });
  Accumulator accumulate(sgd, {.batch_size = 4});
  accumulate.backward(mean_loss(w, {2, 4}), 2);
  accumulate.backward(mean_loss(w, {9}), 1);
  accumulate.flush();
  EXPECT_NEAR(norm, 5, 1e-14);
  EXPECT_NEAR(w.item(), -1, 1e-6);
}

TEST(Accumulator, NoticesGradientsThatWereClearedOrUsedInBetween) {
  const Tensor w = leaf({0});
  SGD sgd({w}, {.lr = 1});
  {
    const Warnings warnings;
    Accumulator accumulate(sgd, {.batch_size = 8});
    accumulate.backward(mean_loss(w, {1, 2}), 2);
    sgd.zero_grad();
    EXPECT_TRUE(fails_with<ValueError>([&] { accumulate.backward(mean_loss(w, {3}), 1); },
                                       "Accumulator: the gradients of 2 examples were cleared",
                                       {"batch_size = 8", "zero_grad()"}));
    EXPECT_TRUE(fails_with<ValueError>([&] { accumulate.flush(); },
                                       "Accumulator: the gradients of 2 examples were cleared"));
  }
  const Warnings warnings;
  Accumulator accumulate(sgd, {.batch_size = 8});
  accumulate.backward(mean_loss(w, {1, 2}), 2);
  sgd.step();
  EXPECT_TRUE(fails_with<ValueError>([&] { accumulate.backward(mean_loss(w, {3}), 1); },
                                     "Accumulator: the gradients of 2 examples were used"));
}

TEST(Accumulator, KeepsWhatItHasWhenALossCannotGoBackward) {
  const Tensor w = leaf({0});
  SGD sgd({w}, {.lr = 1});
  Accumulator accumulate(sgd, {.batch_size = 2});
  accumulate.backward(mean_loss(w, {3}), 1);
  EXPECT_THROW(accumulate.backward(w * leaf({1, 2}).detach(), 1), Error);
  EXPECT_THROW(accumulate.backward(leaf({1}).detach(), 1), Error);
  EXPECT_EQ(accumulate.count(), 1);
  EXPECT_TRUE(accumulate.backward(mean_loss(w, {5}), 1));
  EXPECT_EQ(w.item(), -4);
}

TEST(Accumulator, KeepsWhatItHasWhenTheLastLossFailsAfterPartsOfAnotherSize) {
  const Tensor w = leaf({0});
  SGD sgd({w}, {.lr = 1});
  Accumulator accumulate(sgd, {.batch_size = 4});
  accumulate.backward(mean_loss(w, {1, 2, 3}), 3);
  const Tensor before = w.grad().clone();
  EXPECT_TRUE(accumulate.completes(3));
  EXPECT_THROW(accumulate.backward(leaf({1}).detach(), 3), Error);
  EXPECT_TRUE(same_bits(w.grad(), before));
  EXPECT_TRUE(accumulate.backward(mean_loss(w, {4, 5, 9}), 3));
  EXPECT_EQ(w.item(), -4);
}

TEST(Accumulator, LeavesTheMeanToThoseWhoShareAStep) {
  const Tensor w = leaf({0});
  SGD sgd({w}, {.lr = 1});
  Accumulator accumulate(sgd, {.batch_size = 4});
  accumulate.backward(mean_loss(w, {1, 2, 6}), 3);
  accumulate.flush([&](const auto& step) {
    EXPECT_EQ(w.grad().item(), 3);
    step();
    EXPECT_FALSE(w.grad().defined());
    w.set_grad(leaf({10}).detach());  // of others
    step();
  });
  EXPECT_EQ(w.item(), -13);
  EXPECT_EQ(accumulate.count(), 0);
  // Nothing is left over: the used gradient is gone, and nobody has to step.
  accumulate.backward(mean_loss(w, {1, 1, 1, 1}), 4);
  accumulate.flush([&](const auto&) { EXPECT_FALSE(w.grad().defined()); });
  EXPECT_EQ(sgd.step_count(), 3);
}

TEST(Accumulator, GoesOnFromItsStateBetweenTwoSteps) {
  const auto run = [](const Tensor& w, SGD& sgd, Accumulator& accumulate, int from, int to) {
    for (int i = from; i < to; ++i) {
      if (accumulate.backward(mean_loss(w, {1.0 * i, 0.1 * i}), 2)) {
        EXPECT_EQ(i % 3, 2);
      }
    }
    return sgd.step_count();
  };
  for (const int stop : {0, 1, 2, 3, 4, 5}) {
    const Tensor whole = leaf({1, -1});
    SGD sgd({whole}, {.lr = 0.1, .momentum = 0.5});
    Accumulator accumulate(sgd, {.batch_size = 6});
    EXPECT_EQ(run(whole, sgd, accumulate, 0, stop), stop / 3);

    const Tensor resumed = copies({whole})[0];
    SGD resumed_sgd({resumed}, {.lr = 0.1, .momentum = 0.5});
    Accumulator resumed_accumulate(resumed_sgd, {.batch_size = 6});
    resumed_sgd.load_state_dict(sgd.state_dict());
    resumed_accumulate.load_state_dict(accumulate.state_dict());
    EXPECT_EQ(resumed_accumulate.count(), stop % 3 * 2);
    EXPECT_EQ(run(whole, sgd, accumulate, stop, 6), 2);
    EXPECT_EQ(run(resumed, resumed_sgd, resumed_accumulate, stop, 6), 2);
    EXPECT_TRUE(same_bits(resumed, whole)) << "stopped after " << stop;
  }
}

TEST(Accumulator, StaysAsItWasWhenAStateDoesNotFit) {
  const Tensor w = leaf({1, 2});
  SGD sgd({w}, {.lr = 1});
  Accumulator accumulate(sgd, {.batch_size = 4});
  accumulate.backward(w.sum(), 1);
  const auto refuses = [&](const char* name, const Tensor& value, const std::string& message) {
    StateDict state = accumulate.state_dict();
    state.set(name, value);
    return fails_with<ValueError>([&] { accumulate.load_state_dict(state); }, message, {});
  };
  EXPECT_TRUE(refuses("grad.0.0", leaf({1, 2, 3}).detach(),
                      "Accumulator: load_state_dict: \"grad.0.0\" is float64 [3]"));
  EXPECT_TRUE(refuses("grad.0.1", leaf({1}).detach(),
                      "Accumulator: load_state_dict: 1 entries belong to no parameter of SGD"));
  EXPECT_TRUE(refuses("count", leaf({1}).detach(), "Accumulator: "));
  EXPECT_EQ(accumulate.count(), 1);
  EXPECT_EQ(w.grad().to_vector(), (std::vector<double>{0.25, 0.25}));
  accumulate.flush();
}

TEST(Accumulator, WarnsWhenItGoesWithGradientsThatWereNeverUsed) {
  const Tensor w = leaf({0});
  SGD sgd({w}, {.lr = 1});
  const Warnings warnings;
  {
    Accumulator accumulate(sgd, {.batch_size = 2});
    accumulate.backward(mean_loss(w, {3}), 1);
  }
  ASSERT_EQ(Warnings::texts().size(), 1U);
  EXPECT_TRUE(Warnings::texts()[0].starts_with("Accumulator: the gradients of 1 examples"));
}

TEST(Accumulator, RefusesNumbersThatMakeNoSense) {
  const Tensor w = leaf({0});
  SGD sgd({w}, {.lr = 1});
  EXPECT_TRUE(fails_with<ValueError>([&] { Accumulator a(sgd, {.batch_size = 0}); },
                                     "Accumulator: batch_size = 0: expected a value >= 1"));
  EXPECT_TRUE(fails_with<ValueError>(
      [&] { Accumulator a(sgd, {.batch_size = 1, .reduction = Reduction::none}); },
      "Accumulator: reduction = none"));
  Accumulator accumulate(sgd, {.batch_size = 2});
  EXPECT_TRUE(fails_with<ValueError>([&] { accumulate.backward(mean_loss(w, {3}), 0); },
                                     "Accumulator: count = 0: expected a value >= 1"));
  EXPECT_FALSE(w.grad().defined());
}

}  // namespace
}  // namespace tarn::optim
