#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/autograd/ops.h>
#include <tarn/optim/adam.h>
#include <tarn/optim/sgd.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"
#include "heavy_ball.h"
#include "leaves.h"
#include "warnings.h"

namespace tarn::optim {
namespace {

using testing::fails_with;
using testing::HeavyBall;
using testing::leaf;
using testing::same_bits;
using testing::Warnings;

// Two slips of a first optimizer of one's own.
struct Rebinding : HeavyBall {
  using HeavyBall::HeavyBall;
  void update(Tensor& p, const Tensor& g, State&, const ParamGroup&) override { p = p - g; }
};
struct ChangesTheGradient : HeavyBall {
  using HeavyBall::HeavyBall;
  void update(Tensor& p, const Tensor& g, State&, const ParamGroup&) override {
    Tensor scaled = g;
    scaled.mul_(0.5);
    p.sub_(scaled);
  }
};
struct NamesAnOptionTwice : Optimizer {
  explicit NamesAnOptionTwice(std::vector<Tensor> params)
      : Optimizer("Twice", std::move(params), 0.1, {{"beta", 0.5}, {"gamma", 1.0}, {"beta", 0.9}}) {
  }
  void update(Tensor&, const Tensor&, State&, const ParamGroup&) override {}
};

// ---- parameters --------------------------------------------------------------------------------

TEST(Optimizer, NeedsAParameter) {
  EXPECT_TRUE(fails_with<ValueError>([] { SGD sgd(std::vector<Tensor>{}); },
                                     "SGD: there are no parameters"));
  EXPECT_TRUE(fails_with<ValueError>([] { SGD sgd(std::vector<ParamGroup>(2)); },
                                     "SGD: there are no parameters"));
}

TEST(Optimizer, RefusesATensorThatIsGivenTwice) {
  const Tensor a = leaf({1, 2});
  const Tensor b = leaf({3});
  EXPECT_TRUE(fails_with<ValueError>(
      [&] {
        SGD sgd({a, b, a});
      },
      "SGD: parameter 2 of group 0 (shape [2])", {"is also parameter 0 of group 0"}));
  EXPECT_TRUE(fails_with<ValueError>(
      [&] {
        SGD sgd({{.params = {a}}, {.params = {b, a}}});
      },
      "SGD: parameter 1 of group 1 (shape [2])", {"is also parameter 0 of group 0"}));
}

TEST(Optimizer, RefusesTwoOptionsOfOneName) {
  EXPECT_TRUE(fails_with<ValueError>([] { NamesAnOptionTwice optimizer({leaf({1})}); },
                                     "Twice: options 0 and 2 are both called \"beta\"",
                                     {"expected each name once"}));
}

TEST(Optimizer, RefusesWhatIsNotALeaf) {
  const Tensor a = leaf({1, 2});
  EXPECT_TRUE(fails_with<ValueError>(
      [&] {
        SGD sgd({a, Tensor()});
      },
      "SGD: parameter 1 of group 0 is an undefined tensor"));
  EXPECT_TRUE(fails_with<ValueError>(
      [&] {
        SGD sgd({a, a * 2});
      },
      "SGD: parameter 1 of group 0 (shape [2])",
      {"is the result of \"mul\"", "detach().requires_grad_()"}));
}

TEST(Optimizer, PassesOverFrozenParametersUntilTheyAreTrainedAgain) {
  const Tensor a = leaf({1, 2});
  const Tensor frozen = ones({2});
  Adam adam({a, frozen}, {.lr = 0.1, .weight_decay = 1});
  sum(a * frozen).backward();
  adam.step();
  EXPECT_EQ(frozen.to_vector(), (std::vector<double>{1, 1})) << "not even by weight decay";
  EXPECT_FALSE(adam.state_dict().contains("state.0.1.exp_avg"));
  frozen.requires_grad_();
  adam.zero_grad();
  sum(a * frozen).backward();
  adam.step();
  EXPECT_LT(frozen.to_vector()[0], 1);
  frozen.requires_grad_(false);
  const std::vector<double> before = frozen.to_vector();
  adam.zero_grad();
  sum(a * frozen).backward();
  adam.step();
  EXPECT_EQ(frozen.to_vector(), before);
}

TEST(Optimizer, NeedsAParameterToTrain) {
  EXPECT_TRUE(fails_with<ValueError>(
      [] {
        SGD sgd({zeros({3}), ones({2})});
      },
      "SGD: none of the 2 parameters requires grad", {"requires_grad_()"}));
}

TEST(Optimizer, MarksItsParameters) {
  const Tensor a = leaf({1});
  const Tensor b = leaf({1});
  const SGD sgd({a});
  EXPECT_TRUE(a.impl().has_optimizer);
  EXPECT_FALSE(b.impl().has_optimizer);
}

TEST(Optimizer, RefusesToStepWhenAParameterWasExchanged) {
  const Tensor a = leaf({1, 2});
  const Tensor b = leaf({3});
  SGD sgd({a, b}, {.lr = 1});
  a.set_grad(ones_like(a));
  sgd.param_groups()[0].params[1] = leaf({4, 5, 6});
  EXPECT_TRUE(fails_with<ValueError>([&] { sgd.step(); }, "SGD: parameter 1 of group 0",
                                     {"shape [3], was [1]", "make a new optimizer"}));
  EXPECT_EQ(a.to_vector(), (std::vector<double>{1, 2}));
  sgd.param_groups()[0].params.pop_back();
  EXPECT_TRUE(fails_with<ValueError>([&] { sgd.step(); }, "SGD: group 0 has 1 parameters but had 2",
                                     {"use add_param_group()"}));
}

// ---- groups ------------------------------------------------------------------------------------

TEST(ParamGroups, InheritWhatTheyLeaveOut) {
  const SGD sgd({{.params = {leaf({1})}},
                 {.params = {leaf({1})}, .lr = 0.5},
                 {.params = {leaf({1})}, .options = {{"momentum", 0.3}, {"nesterov", 0}}}},
                {.lr = 0.1, .momentum = 0.9, .weight_decay = 0.01, .nesterov = true});
  const auto groups = sgd.param_groups();
  EXPECT_EQ(to_string(groups[0]),
            "1 parameter, lr = 0.1, momentum = 0.9, dampening = 0, weight_decay = 0.01, "
            "nesterov = 1, maximize = 0");
  EXPECT_EQ(to_string(groups[1]),
            "1 parameter, lr = 0.5, momentum = 0.9, dampening = 0, weight_decay = 0.01, "
            "nesterov = 1, maximize = 0");
  EXPECT_EQ(to_string(groups[2]),
            "1 parameter, lr = 0.1, momentum = 0.3, dampening = 0, weight_decay = 0.01, "
            "nesterov = 0, maximize = 0");
}

TEST(ParamGroups, MoveByTheirOwnNumbers) {
  const Tensor a = leaf({1});
  const Tensor b = leaf({1});
  SGD sgd({{.params = {a}, .lr = 0.5}, {.params = {b}, .options = {{"weight_decay", 1}}}},
          {.lr = 0.25});
  a.set_grad(ones_like(a));
  b.set_grad(ones_like(b));
  sgd.step();
  EXPECT_EQ(a.item(), 0.5);
  EXPECT_EQ(b.item(), 1 - 0.25 * 2);
}

TEST(ParamGroups, RefuseAnUnknownOptionAndListTheKnownOnes) {
  EXPECT_TRUE(fails_with<ValueError>(
      [] {
        SGD sgd({{.params = {leaf({1})}}, {.params = {leaf({1})}, .options = {{"betas", 0.9}}}});
      },
      "SGD: group 1 has an unknown option \"betas\"",
      {"momentum, dampening, weight_decay, nesterov, maximize"}));
  EXPECT_TRUE(fails_with<ValueError>(
      [] {
        HeavyBall ball({leaf({1})}, {});
        ball.add_param_group({.params = {leaf({2})}, .options = {{"beta", 0.9}}});
      },
      "HeavyBall: group 1 has an unknown option \"beta\"", {"(none)"}));
}

TEST(ParamGroups, CanBeAddedLater) {
  const Tensor a = leaf({1});
  const Tensor b = leaf({1});
  SGD sgd({a}, {.lr = 0.25, .momentum = 0.5});
  sgd.add_param_group({.params = {b}, .lr = 0.5});
  b.set_grad(ones_like(b));
  sgd.step();
  EXPECT_EQ(a.item(), 1);
  EXPECT_EQ(b.item(), 0.5);
  EXPECT_EQ(sgd.param_groups()[1].option("momentum"), 0.5);
}

TEST(ParamGroups, LeaveTheOptimizerAsItWasWhenTheyCannotBeAdded) {
  const Tensor a = leaf({1});
  SGD sgd({a}, {.lr = 0.25});
  EXPECT_TRUE(fails_with<ValueError>(
      [&] {
        sgd.add_param_group({.params = {leaf({1}), a}});
      },
      "SGD: parameter 1 of group 1"));
  EXPECT_TRUE(
      fails_with<ValueError>([&] { sgd.add_param_group({.params = {leaf({1})}, .lr = -1}); },
                             "SGD: lr = -1: expected a finite value >= 0"));
  EXPECT_EQ(sgd.param_groups().size(), 1U);
  a.set_grad(ones_like(a));
  sgd.step();
  EXPECT_EQ(a.item(), 0.75);
}

TEST(ParamGroups, MayBeEmptyBesideOthers) {
  const Tensor a = leaf({1});
  SGD sgd({{.params = {a}}, {.params = {}}}, {.lr = 0.25});
  a.set_grad(ones_like(a));
  sgd.step();
  EXPECT_EQ(a.item(), 0.75);
}

// ---- learning rate -----------------------------------------------------------------------------

TEST(LearningRate, IsSetForAllGroupsInOneCall) {
  SGD sgd({{.params = {leaf({1})}, .lr = 0.5}, {.params = {leaf({1})}}}, {.lr = 0.1});
  EXPECT_EQ(sgd.lr(), 0.5);
  sgd.set_lr(0.01);
  EXPECT_EQ(sgd.lr(), 0.01);
  for (const ParamGroup& group : sgd.param_groups()) EXPECT_EQ(group.lr, 0.01);
}

TEST(LearningRate, MustBeFiniteAndNotNegative) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(fails_with<ValueError>([&] { SGD sgd({leaf({1})}, {.lr = nan}); },
                                     "SGD: lr = nan: expected a finite value >= 0"));
  EXPECT_TRUE(fails_with<ValueError>([&] { HeavyBall ball({leaf({1})}, {.lr = inf}); },
                                     "HeavyBall: lr = inf: expected a finite value >= 0"));
  EXPECT_TRUE(fails_with<ValueError>([&] { SGD sgd({{.params = {leaf({1})}, .lr = nan}}); },
                                     "SGD: lr = nan: expected a finite value >= 0"));
  SGD sgd({leaf({1})}, {.lr = 0.1});
  EXPECT_TRUE(fails_with<ValueError>([&] { sgd.set_lr(-0.5); },
                                     "SGD: lr = -0.5: expected a finite value >= 0"));
  EXPECT_EQ(sgd.lr(), 0.1);
}

TEST(LearningRate, ThatWentWrongStopsTheStepBeforeAnythingMoves) {
  const Tensor a = leaf({1});
  const Tensor b = leaf({1});
  SGD sgd({{.params = {a}}, {.params = {b}}}, {.lr = 0.1});
  a.set_grad(ones_like(a));
  b.set_grad(ones_like(b));
  sgd.param_groups()[1].lr = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(fails_with<ValueError>([&] { sgd.step(); }, "SGD: lr = nan"));
  EXPECT_EQ(a.item(), 1);
  EXPECT_EQ(sgd.step_count(), 0);
}

// ---- step --------------------------------------------------------------------------------------

TEST(Step, SkipsParametersWithoutGradient) {
  const Tensor a = leaf({1, 2});
  const Tensor b = leaf({3});
  SGD sgd({a, b}, {.lr = 0.5});
  b.set_grad(ones_like(b));
  const Warnings warnings;
  sgd.step();
  EXPECT_EQ(a.to_vector(), (std::vector<double>{1, 2}));
  EXPECT_EQ(b.item(), 2.5);
  EXPECT_EQ(sgd.step_count(), 1);
  EXPECT_TRUE(Warnings::texts().empty());
}

TEST(Step, RefusesAnUpdateThatAssignsToTheParameter) {
  const Tensor p = leaf({1, 2});
  Rebinding optimizer({p}, {.lr = 0.1});
  for (int i = 0; i < 2; ++i) {  // a second time, too: the optimizer still has the model's tensor
    optimizer.zero_grad();
    p.sum().backward();
    EXPECT_TRUE(fails_with<Error>([&] { optimizer.step(); },
                                  "HeavyBall: parameter 0 of group 0 (shape [2])",
                                  {"assigned another tensor", "sub_() or copy_()"}));
    EXPECT_EQ(optimizer.step_count(), 0);
  }
  EXPECT_TRUE(optimizer.param_groups()[0].params[0].is_same(p));
}

TEST(Step, RefusesAnUpdateThatChangesTheGradient) {
  const Tensor p = leaf({1, 2});
  ChangesTheGradient optimizer({p}, {.lr = 0.1});
  p.sum().backward();
  EXPECT_TRUE(fails_with<Error>([&] { optimizer.step(); },
                                "HeavyBall: parameter 0 of group 0 (shape [2])",
                                {"changed the gradient in place", "g * 2 instead of g.mul_(2)"}));
}

TEST(Step, LeavesGradientsAndTheGraphAlone) {
  const Tensor a = leaf({1, 2});
  SGD sgd({a}, {.lr = 0.5, .momentum = 0.9, .weight_decay = 0.1, .nesterov = true});
  for (int i = 0; i < 3; ++i) {
    sgd.zero_grad();
    (a * a).sum().backward();
    const Tensor grad = a.grad();
    const std::vector<double> before = grad.to_vector();
    sgd.step();
    EXPECT_TRUE(a.grad().is_same(grad));
    EXPECT_EQ(grad.to_vector(), before);
    EXPECT_TRUE(a.is_leaf());
    EXPECT_TRUE(a.requires_grad());
  }
}

TEST(Step, IsNoticedByTensorsSavedForBackward) {
  const Tensor a = leaf({1, 2});
  SGD sgd({a}, {.lr = 0.5});
  const Tensor loss = (a * a).sum();
  a.set_grad(ones_like(a));
  sgd.step();
  EXPECT_TRUE(fails_with<AutogradError>([&] { loss.backward(); }, "mul"));
}

TEST(Step, WithoutAnyGradientWarnsOnceAndDoesNothing) {
  const Tensor a = leaf({1});
  SGD sgd({a}, {.momentum = 0.9});
  const Warnings warnings;
  sgd.step();
  sgd.step();
  ASSERT_EQ(Warnings::texts().size(), 1U);
  EXPECT_EQ(Warnings::texts()[0],
            "SGD: step() found no gradient on any of 1 parameters and changes nothing: expected a "
            "backward() before it");
  EXPECT_EQ(a.item(), 1);
  EXPECT_EQ(sgd.step_count(), 0);
}

TEST(Step, WithGradientsThatWereUsedAlreadyWarnsOnce) {
  const Tensor a = leaf({1});
  const Tensor b = leaf({1});
  SGD sgd({a, b}, {.lr = 0.5});
  const Warnings warnings;
  (a + b).sum().backward();
  sgd.step();
  EXPECT_TRUE(Warnings::texts().empty());
  sgd.step();
  sgd.step();
  ASSERT_EQ(Warnings::texts().size(), 1U);
  EXPECT_TRUE(Warnings::texts()[0].starts_with(
      "SGD: step() found only gradients that an earlier step() has used"));
  EXPECT_EQ(a.item(), -0.5);  // three steps were taken: it is a warning
}

TEST(Step, DoesNotWarnWhenSomeGradientsAreNew) {
  const Tensor a = leaf({1});
  const Tensor b = leaf({1});
  SGD sgd({a, b}, {.lr = 0.5});
  const Warnings warnings;
  (a + b).sum().backward();
  sgd.step();
  a.set_grad(ones_like(a));
  sgd.step();
  EXPECT_TRUE(Warnings::texts().empty());
}

TEST(Step, WarnsOfGradientsThatWereAddedToUsedOnes) {
  const Tensor a = leaf({1});
  SGD sgd({a}, {.lr = 0.5});
  const Warnings warnings;
  a.sum().backward();
  a.sum().backward();
  sgd.step();
  EXPECT_TRUE(Warnings::texts().empty()) << "accumulating before the step is fine";
  a.sum().backward();
  EXPECT_TRUE(Warnings::texts().empty()) << "they may be cleared before they are used";
  sgd.step();
  ASSERT_EQ(Warnings::texts().size(), 1U);
  EXPECT_NE(Warnings::texts()[0].find("zero_grad()"), std::string::npos);
}

// A generator's loss flows through the discriminator, whose own loop clears its gradients.
TEST(Step, DoesNotWarnOfAnAdversarialLoop) {
  const Tensor discriminator = leaf({1, 2});
  const Tensor generator = leaf({3, 4});
  SGD first({discriminator}, {.lr = 0.1});
  SGD second({generator}, {.lr = 0.1});
  const Warnings warnings;
  for (int i = 0; i < 3; ++i) {
    first.zero_grad();
    discriminator.sum().backward();
    (discriminator * generator.detach()).sum().backward();
    first.step();
    second.zero_grad();
    (discriminator * generator).sum().backward();
    second.step();
  }
  EXPECT_TRUE(Warnings::texts().empty());
}

TEST(Step, ReportsLeavesThatNoOptimizerUpdates) {
  const Tensor registered = leaf({1});
  const Tensor forgotten = leaf({1, 2});
  SGD sgd({registered});
  const Warnings warnings;
  (registered * forgotten).sum().backward();
  sgd.step();
  ASSERT_EQ(Warnings::texts().size(), 1U);
  EXPECT_TRUE(Warnings::texts()[0].starts_with(
      "SGD: the last backward() gave a gradient to 1 leaves that no optimizer updates, the first "
      "of shape [2]"))
      << Warnings::texts()[0];
}

TEST(Step, DoesNotReportLeavesOfAnotherOptimizer) {
  const Tensor a = leaf({1});
  const Tensor b = leaf({1});
  SGD first({a});
  SGD second({b});
  const Warnings warnings;
  (a * b).sum().backward();
  first.step();
  second.step();
  EXPECT_TRUE(Warnings::texts().empty());
}

TEST(Step, DoesNotReportLeavesThatTheOptimizerTookOverAfterBackward) {
  const Tensor a = leaf({1});
  const Warnings warnings;
  a.sum().backward();
  SGD sgd({a});
  sgd.step();
  EXPECT_TRUE(Warnings::texts().empty());
}

TEST(Step, CallsHooksBeforeAndAfter) {
  const Tensor a = leaf({1});
  SGD sgd({a}, {.lr = 0.5});
  std::vector<double> seen;
  sgd.register_step_pre_hook([&](Optimizer&) { seen.push_back(a.item()); });
  sgd.register_step_post_hook([&](Optimizer& optimizer) {
    seen.push_back(a.item());
    seen.push_back(static_cast<double>(optimizer.step_count()));
  });
  a.set_grad(ones_like(a));
  sgd.step();
  EXPECT_EQ(seen, (std::vector<double>{1, 0.5, 1}));
}

// ---- zero_grad ---------------------------------------------------------------------------------

TEST(ZeroGrad, ClearsOrFills) {
  const Tensor a = leaf({1, 2});
  const Tensor b = leaf({1});
  SGD sgd({a, b}, {.lr = 0.5});
  a.set_grad(ones_like(a));
  const Tensor grad = a.grad();
  sgd.zero_grad(false);
  EXPECT_TRUE(a.grad().is_same(grad));
  EXPECT_EQ(grad.to_vector(), (std::vector<double>{0, 0}));
  EXPECT_FALSE(b.grad().defined());
  sgd.zero_grad();
  EXPECT_FALSE(a.grad().defined());
}

TEST(ZeroGrad, EitherWayMakesGradientsNewAgain) {
  const Tensor a = leaf({1});
  SGD sgd({a}, {.lr = 0.5});
  const Warnings warnings;
  for (const bool set_to_none : {true, false, false, true}) {
    sgd.zero_grad(set_to_none);
    a.sum().backward();
    sgd.step();
  }
  EXPECT_EQ(a.item(), -1);
  EXPECT_TRUE(Warnings::texts().empty());
}

// ---- printing ----------------------------------------------------------------------------------

TEST(Optimizer, PrintsItsGroups) {
  HeavyBall ball({leaf({1}), leaf({2})}, {.lr = 0.1});
  ball.add_param_group({.params = {leaf({3})}, .lr = 0.2});
  EXPECT_EQ(to_string(ball),
            "HeavyBall\n  group 0: 2 parameters, lr = 0.1\n  group 1: 1 parameter, lr = 0.2");
}

}  // namespace
}  // namespace tarn::optim
