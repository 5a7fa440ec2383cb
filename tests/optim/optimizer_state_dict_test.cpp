#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/optim/optimizer.h>
#include <tarn/optim/sgd.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"
#include "heavy_ball.h"
#include "leaves.h"

namespace tarn::optim {
namespace {

using testing::copies;
using testing::fails_with;
using testing::HeavyBall;
using testing::leaf;
using testing::random_leaf;
using testing::same_bits;
using testing::set_random_grads;

/// p -= lr g / (1 + steps so far): keeps a number of each parameter.
class Decaying : public Optimizer {
 public:
  explicit Decaying(std::vector<Tensor> params) : Optimizer("Decaying", std::move(params), 1) {}

 protected:
  void update(Tensor& p, const Tensor& g, State& s, const ParamGroup& group) override {
    double& steps = s.number("steps");
    steps += 1;
    p.sub_(g, group.lr / steps);
  }
};

void take_steps(Optimizer& optimizer, const std::vector<Tensor>& params, int first, int last) {
  for (int i = first; i < last; ++i) {
    set_random_grads(params, static_cast<std::uint64_t>(i));
    optimizer.step();
  }
}

std::vector<std::string> names(const StateDict& dict) {
  std::vector<std::string> result;
  for (const auto& [name, value] : dict) result.push_back(name);
  return result;
}

// Every entry of two dicts has the same bits.
void expect_same(const StateDict& actual, const StateDict& expected) {
  ASSERT_EQ(names(actual), names(expected));
  for (const auto& [name, value] : expected) {
    EXPECT_TRUE(same_bits(actual.at(name), value)) << name;
  }
}

std::vector<Tensor> some_params() {
  return {random_leaf({3, 4}, 1), random_leaf({5}, 2), random_leaf({}, 3, kFloat64)};
}

TEST(OptimizerStateDict, NamesGroupsAndStates) {
  const std::vector<Tensor> p = {leaf({1}), leaf({2}), leaf({3})};
  SGD sgd({{.params = {p[0], p[1]}, .lr = 0.5}, {.params = {p[2]}}}, {.momentum = 0.9});
  p[1].set_grad(ones_like(p[1]));
  p[2].set_grad(ones_like(p[2]));
  sgd.step();
  const StateDict dict = sgd.state_dict();
  EXPECT_EQ(names(dict),
            (std::vector<std::string>{
                "class", "groups", "step_count", "group.0.params", "group.0.lr", "group.0.momentum",
                "group.0.dampening", "group.0.weight_decay", "group.0.nesterov", "group.0.maximize",
                "group.1.params", "group.1.lr", "group.1.momentum", "group.1.dampening",
                "group.1.weight_decay", "group.1.nesterov", "group.1.maximize",
                "state.0.1.momentum_buffer", "state.1.0.momentum_buffer"}));
  EXPECT_EQ(dict.at("group.0.lr").item(), 0.5);
  EXPECT_EQ(dict.at("group.0.params").item<std::int64_t>(), 2);
  EXPECT_EQ(dict.at("step_count").item<std::int64_t>(), 1);
}

// The same steps, with and without a save and a load into a new optimizer in between.
template <class Make>
void expect_resume_with_same_bits(Make make) {
  const std::vector<Tensor> through = some_params();
  auto whole = make(through);
  take_steps(*whole, through, 0, 3);
  const StateDict saved = whole->state_dict().clone();
  const std::vector<Tensor> resumed = copies(through);
  take_steps(*whole, through, 3, 7);

  auto second = make(resumed);
  second->load_state_dict(saved);
  EXPECT_EQ(second->step_count(), 3);
  take_steps(*second, resumed, 3, 7);
  for (std::size_t i = 0; i < through.size(); ++i) EXPECT_TRUE(same_bits(resumed[i], through[i]));
  expect_same(second->state_dict(), whole->state_dict());
}

TEST(OptimizerStateDict, ResumesSgdWithTheSameBits) {
  expect_resume_with_same_bits([](const std::vector<Tensor>& params) {
    return std::make_unique<SGD>(
        params, SGDOptions{.lr = 0.1, .momentum = 0.9, .dampening = 0.5, .weight_decay = 0.01});
  });
}

TEST(OptimizerStateDict, ResumesAUsersOptimizerWithTheSameBits) {
  expect_resume_with_same_bits([](const std::vector<Tensor>& params) {
    return std::make_unique<HeavyBall>(params, HeavyBall::Options{.lr = 0.1});
  });
}

TEST(OptimizerStateDict, ResumesNumbersWithTheSameBits) {
  expect_resume_with_same_bits(
      [](const std::vector<Tensor>& params) { return std::make_unique<Decaying>(params); });
}

TEST(OptimizerStateDict, ResumesParametersOfAnyDenseLayout) {
  const auto transposed = [](std::uint64_t seed) {
    return random_leaf({4, 3}, seed).detach().t().requires_grad_();
  };
  const std::vector<Tensor> through = {transposed(1)};
  SGD whole(through, {.lr = 0.1, .momentum = 0.9});
  take_steps(whole, through, 0, 2);
  StateDict saved = whole.state_dict().clone();
  saved.set("state.0.0.momentum_buffer", saved.at("state.0.0.momentum_buffer").contiguous());
  const std::vector<Tensor> resumed = copies(through);
  SGD second(resumed, {.lr = 0.1, .momentum = 0.9});
  second.load_state_dict(saved);
  EXPECT_EQ(second.state_dict().at("state.0.0.momentum_buffer").strides(), resumed[0].strides());
  take_steps(whole, through, 2, 4);
  take_steps(second, resumed, 2, 4);
  EXPECT_TRUE(same_bits(resumed[0], through[0]));
}

TEST(OptimizerStateDict, SharesElementsUntilItIsCloned) {
  const std::vector<Tensor> params = {leaf({1})};
  SGD sgd(params, {.momentum = 0.9});
  take_steps(sgd, params, 0, 1);
  const StateDict live = sgd.state_dict();
  const StateDict copy = live.clone();
  take_steps(sgd, params, 1, 2);
  EXPECT_TRUE(same_bits(live.at("state.0.0.momentum_buffer"),
                        sgd.state_dict().at("state.0.0.momentum_buffer")));
  EXPECT_FALSE(
      same_bits(copy.at("state.0.0.momentum_buffer"), live.at("state.0.0.momentum_buffer")));
}

TEST(OptimizerStateDict, IsCopiedByLoading) {
  const std::vector<Tensor> a = {leaf({1})};
  const std::vector<Tensor> b = {leaf({1})};
  SGD first(a, {.momentum = 0.9});
  SGD second(b, {.momentum = 0.9});
  take_steps(first, a, 0, 1);
  second.load_state_dict(first.state_dict());
  const StateDict before = second.state_dict().clone();
  take_steps(first, a, 1, 2);
  expect_same(second.state_dict(), before);
}

TEST(OptimizerStateDict, RestoresLearningRatesAndOptionsOfEveryGroup) {
  const auto make = [](double lr) {
    return std::make_unique<SGD>(
        std::vector<ParamGroup>{{.params = {leaf({1})}, .lr = lr},
                                {.params = {leaf({1})}, .options = {{"momentum", lr}}}},
        SGDOptions{.lr = 2 * lr});
  };
  const auto first = make(0.125);
  first->param_groups()[1].option("weight_decay") = 0.25;
  const auto second = make(0.5);
  second->load_state_dict(first->state_dict());
  EXPECT_EQ(to_string(*second), to_string(*first));
}

// ---- what does not fit
// ---------------------------------------------------------------------------

class RefusedStateDict : public ::testing::Test {
 protected:
  RefusedStateDict() {
    take_steps(sgd_, params_, 0, 2);
    good_ = sgd_.state_dict().clone();
    take_steps(sgd_, params_, 2, 3);
    before_ = sgd_.state_dict().clone();
  }

  // Loading `dict` throws an E that starts with `start` and contains `parts`; nothing has changed.
  template <class E>
  void expect_refused(const StateDict& dict, std::string_view start,
                      std::initializer_list<std::string_view> parts = {}) {
    EXPECT_TRUE(fails_with<E>([&] { sgd_.load_state_dict(dict); }, start, parts));
    expect_same(sgd_.state_dict(), before_);
  }

  StateDict good_with(const std::string& name, const Tensor& value) const {
    StateDict dict = good_;
    dict.set(name, value);
    return dict;
  }

  StateDict good_without(const std::string& name) const {
    StateDict dict;
    for (const auto& [key, value] : good_) {
      if (key != name) dict.set(key, value);
    }
    return dict;
  }

  static Tensor number(double value) { return scalar_tensor(value, {.dtype = kFloat64}); }
  static Tensor integer(std::int64_t value) { return scalar_tensor(value, {.dtype = kInt64}); }

  std::vector<Tensor> params_ = some_params();
  SGD sgd_{params_, {.lr = 0.1, .momentum = 0.9}};
  StateDict good_;
  StateDict before_;
};

TEST_F(RefusedStateDict, OfAnotherClassOrNumberOfGroups) {
  HeavyBall ball({leaf({1})}, {});
  ball.add_param_group({.params = {leaf({1})}});
  expect_refused<ValueError>(
      ball.state_dict(),
      "SGD: checkpoint was written by HeavyBall (2 groups), loading into SGD (1 group)");
  const SGD two({{.params = {leaf({1})}}, {.params = {leaf({1})}}});
  expect_refused<ValueError>(
      two.state_dict(),
      "SGD: checkpoint was written by SGD (2 groups), loading into SGD (1 group)");
}

TEST_F(RefusedStateDict, OfAnotherNumberOfParameters) {
  const SGD other({leaf({1})});
  expect_refused<ValueError>(other.state_dict(), "SGD: load_state_dict: group 0 has 1 parameters",
                             {"in the checkpoint and 3 here"});
}

TEST_F(RefusedStateDict, ThatIsNoneOfAnOptimizer) {
  expect_refused<ValueError>({}, "SGD: load_state_dict: there is no entry \"class\"");
  StateDict model;
  model.set("fc1.weight", zeros({2, 2}));
  expect_refused<ValueError>(model, "SGD: load_state_dict: there is no entry \"class\"");
}

TEST_F(RefusedStateDict, WithAMissingEntry) {
  for (const auto& [name, value] : good_) {
    if (name.starts_with("state.")) continue;  // a parameter may not have had a gradient yet
    expect_refused<ValueError>(good_without(name),
                               "SGD: load_state_dict: there is no entry \"" + name + "\"");
  }
}

TEST_F(RefusedStateDict, WithAnEntryThatHasNoPlace) {
  for (const std::string name :
       {"group.0.beta", "group.1.lr", "fc1.weight", "state.0.3.momentum_buffer",
        "state.1.0.momentum_buffer", "state.0.-1.momentum_buffer", "state.0.momentum_buffer",
        "state.0.00.momentum_buffer", "state.0.0.", "state.0",
        "state.99999999999999999999.0.momentum_buffer", "state.x.0.v"}) {
    expect_refused<ValueError>(good_with(name, number(0)),
                               "SGD: load_state_dict: there is no place for \"" + name + "\"");
  }
}

TEST_F(RefusedStateDict, WithAStateOfAnotherShapeOrType) {
  expect_refused<ShapeError>(good_with("state.0.1.momentum_buffer", zeros({6})),
                             "SGD: load_state_dict: state.0.1.momentum_buffer: ", {"[6]", "[5]"});
  expect_refused<DTypeError>(
      good_with("state.0.1.momentum_buffer", zeros({5}, {.dtype = kFloat64})),
      "SGD: load_state_dict: state.0.1.momentum_buffer: ", {"float64", "float32"});
}

TEST_F(RefusedStateDict, WithNumbersThatMakeNoSense) {
  expect_refused<ValueError>(good_with("group.0.lr", number(-1)),
                             "SGD: lr = -1: expected a finite value >= 0");
  expect_refused<ValueError>(good_with("group.0.momentum", number(-1)), "SGD: momentum = -1");
  expect_refused<ValueError>(good_with("group.0.nesterov", number(0.5)), "SGD: nesterov = 0.5");
  expect_refused<ValueError>(good_with("step_count", integer(-1)),
                             "SGD: load_state_dict: \"step_count\" is -1");
}

TEST_F(RefusedStateDict, WithEntriesOfAnotherKind) {
  expect_refused<ValueError>(good_with("group.0.lr", zeros({2})),
                             "SGD: load_state_dict: \"group.0.lr\" is float32 of shape [2]",
                             {"expected float64 with 0 dimensions"});
  expect_refused<ValueError>(good_with("step_count", number(1.5)),
                             "SGD: load_state_dict: \"step_count\" is float64");
  expect_refused<ValueError>(good_with("class", number(1)),
                             "SGD: load_state_dict: \"class\" is float64");
  expect_refused<ValueError>(good_with("class", Tensor()),
                             "SGD: load_state_dict: there is no entry \"class\"");
}

}  // namespace
}  // namespace tarn::optim
