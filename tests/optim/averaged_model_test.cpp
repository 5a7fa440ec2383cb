#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/autograd/grad_mode.h>
#include <tarn/nn/linear.h>
#include <tarn/optim/averaged_model.h>
#include <tarn/optim/inverse_sqrt_lr.h>
#include <tarn/optim/sgd.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"
#include "leaves.h"

namespace tarn::optim {
namespace {

using testing::fails_with;
using testing::leaf;
using testing::same_bits;

/// One number as a model, and one that is not trained.
struct Point : nn::Module {
  Tensor& x = parameter("x", leaf({0}));
  Tensor& mean = buffer("mean", zeros({1}));
  Tensor& calls = buffer("calls", zeros({1}, {.dtype = kInt64}));

  void set(double value) {
    const NoGradGuard no_grad;
    x.fill_(value);
    mean.fill_(-value);
    calls.fill_(7);
  }
};

// The average after the model was 1, 2, 4, 8.
double average_of_powers(const AveragedModelOptions& options, bool weighted = false) {
  Point point;
  AveragedModel average(point, options);
  for (const double value : {1, 2, 4, 8}) {
    point.set(value);
    weighted ? average.update(1 / value) : average.update();
  }
  average.copy_to_model();
  return point.x.item();
}

TEST(AveragedModel, AveragesUniformly) { EXPECT_EQ(average_of_powers({}), 15.0 / 4); }

TEST(AveragedModel, WeighsByTheLearningRate) {
  EXPECT_DOUBLE_EQ(average_of_powers({}, true), 4 / (1 + 0.5 + 0.25 + 0.125));
}

TEST(AveragedModel, AveragesTheLastPartOfTheUpdates) {
  EXPECT_EQ(average_of_powers({.skip = 2}), 6);
  EXPECT_EQ(average_of_powers({.skip = 3}), 8);
  EXPECT_EQ(average_of_powers({.skip = 100}), 8) << "the latest until the first that counts";
}

TEST(AveragedModel, AveragesExponentially) {
  EXPECT_EQ(average_of_powers({.ema_decay = 0.75}),
            (((1 * .75 + 2 * .25) * .75 + 4 * .25) * .75 + 8 * .25));
  EXPECT_EQ(average_of_powers({.ema_decay = 0.5, .skip = 2}), 6);
}

TEST(AveragedModel, KeepsItsDigitsOverManyUpdatesOfAFloat32Model) {
  nn::Linear model(1, 1);
  AveragedModel average(model);
  const NoGradGuard no_grad;
  for (int i = 0; i < 100000; ++i) {
    model.weight.fill_(1 + (i % 2) * 1e-3);
    average.update();
  }
  average.copy_to_model();
  EXPECT_NEAR(model.weight.item(), 1.0005, 1e-7);
}

TEST(AveragedModel, IsAppliedForAsLongAsTheResultLives) {
  Point point;
  const Tensor x = point.x;
  SGD sgd({point.x}, {.lr = 1});
  AveragedModel average(point);
  for (const double value : {1, 3}) {
    point.set(value);
    average.update();
  }
  {
    const auto averaged = average.apply();
    EXPECT_EQ(point.x.item(), 2);
    EXPECT_EQ(point.mean.item(), -3) << "a buffer";
    EXPECT_TRUE(point.x.requires_grad());
    EXPECT_TRUE(fails_with<ValueError>([&] { const auto twice = average.apply(); },
                                       "AveragedModel: apply: the model has the averages already"));
    EXPECT_TRUE(fails_with<ValueError>([&] { average.update(); },
                                       "AveragedModel: update: the model has the averages now"));
  }
  EXPECT_EQ(point.x.item(), 3);
  EXPECT_TRUE(point.x.is_same(x));
  average.update();
  EXPECT_EQ(average.n_updates(), 3);
}

TEST(AveragedModel, AveragesFloatingBuffersWhenAsked) {
  Point point;
  AveragedModel average(point, {.use_buffers = true});
  for (const double value : {1, 3}) {
    point.set(value);
    average.update();
  }
  const auto averaged = average.apply();
  EXPECT_EQ(point.mean.item(), -2);
  EXPECT_EQ(point.calls.item(), 7);
}

TEST(AveragedModel, IsTheModelItselfBeforeTheFirstUpdate) {
  Point point;
  point.set(5);
  AveragedModel average(point);
  const auto averaged = average.apply();
  EXPECT_EQ(point.x.item(), 5);
}

TEST(AveragedModel, ResumesWithTheSameBits) {
  for (const AveragedModelOptions& options :
       std::vector<AveragedModelOptions>{{}, {.ema_decay = 0.9}, {.skip = 2}}) {
    Point point;
    AveragedModel whole(point, options);
    AveragedModel second(point, options);
    for (int i = 0; i < 8; ++i) {
      point.set(std::sqrt(i + 2));
      whole.update();
      if (i == 3) second.load_state_dict(whole.state_dict().clone());
      if (i > 3) second.update();
    }
    EXPECT_TRUE(same_bits(second.state_dict().at("average.x"), whole.state_dict().at("average.x")));
    EXPECT_EQ(second.n_updates(), 8);
  }
}

TEST(AveragedModel, RefusesTheStateOfAnotherModel) {
  Point point;
  AveragedModel average(point);
  point.set(2);
  average.update();
  nn::Linear other(2, 3);
  EXPECT_TRUE(
      fails_with<ValueError>([&] { average.load_state_dict(AveragedModel(other).state_dict()); },
                             "AveragedModel: load_state_dict: there is no entry \"average.x\""));
  StateDict dict = average.state_dict().clone();
  dict.set("average.x", zeros({2}, {.dtype = kFloat64}));
  EXPECT_TRUE(
      fails_with<ShapeError>([&] { average.load_state_dict(dict); },
                             "AveragedModel: load_state_dict: \"average.x\" is float64 [2]"));
  const AveragedModel with_buffers(point, {.use_buffers = true});
  EXPECT_TRUE(fails_with<ValueError>([&] { average.load_state_dict(with_buffers.state_dict()); },
                                     "AveragedModel: load_state_dict: 2 averages for 1 tensors"));
  EXPECT_EQ(average.state_dict().at("average.x").item(), 2);
}

TEST(AveragedModel, RefusesNumbersThatMakeNoSense) {
  Point point;
  EXPECT_TRUE(
      fails_with<ValueError>([&] { AveragedModel a(point, {.ema_decay = 1}); },
                             "AveragedModel: ema_decay = 1: expected a value >= 0 and < 1"));
  EXPECT_TRUE(fails_with<ValueError>([&] { AveragedModel a(point, {.skip = -1}); },
                                     "AveragedModel: skip = -1"));
  AveragedModel average(point);
  for (const double weight : {0.0, -1.0, std::nan("")}) {
    EXPECT_TRUE(
        fails_with<ValueError>([&] { average.update(weight); }, "AveragedModel: weight = "));
  }
  AveragedModel ema(point, {.ema_decay = 0.5});
  EXPECT_TRUE(fails_with<ValueError>([&] { ema.update(2); }, "AveragedModel: weight = 2"));
}

TEST(AveragedModel, LiesCloserToTheMinimumThanTheLastIterateOfNoisySgd) {
  // f(x) = E (x - a)^2 / 2 over a = +-1 in turn: SGD at a constant rate never stops walking.
  Point point;
  point.set(3);
  SGD sgd({point.x}, {.lr = 0.5});
  AveragedModel average(point, {.skip = 500});
  for (int t = 0; t < 1000; ++t) {
    sgd.zero_grad();
    square(point.x - (t % 2 == 0 ? 1.0 : -1.0)).sum().mul_(0.5).backward();
    sgd.step();
    average.update();
  }
  EXPECT_GT(std::abs(point.x.item()), 0.3);
  const auto averaged = average.apply();
  EXPECT_LT(std::abs(point.x.item()), 1e-9);
}

}  // namespace
}  // namespace tarn::optim
