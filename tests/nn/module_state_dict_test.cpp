#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/autograd/ops.h>
#include <tarn/nn/nn.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/random.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"

namespace tarn {
namespace {

using testing::fails_with;
using testing::same_bits;

struct Model : nn::Module {
  nn::Linear& fc1 = add("fc1", nn::Linear(3, 4));
  nn::Linear& fc2 = add("fc2", nn::Linear(4, 2));
  Tensor& steps = buffer("steps", zeros({}, {.dtype = kInt64}));
};

std::vector<std::string> names(const StateDict& state) {
  std::vector<std::string> result;
  for (const auto& [name, tensor] : state) result.push_back(name);
  return result;
}

using Names = std::vector<std::string>;

// The same entries as plain row-major copies.
StateDict from_a_file(const StateDict& state) {
  StateDict copy;
  for (const auto& [name, tensor] : state) {
    const Tensor values = empty(tensor.sizes(), {.dtype = tensor.dtype()});
    values.copy_(tensor);
    copy.set(name, values);
  }
  return copy;
}

StateDict without(const StateDict& state, const std::string& removed) {
  StateDict rest;
  for (const auto& [name, tensor] : state) {
    if (name != removed) rest.set(name, tensor);
  }
  return rest;
}

TEST(StateDictOfAModule, HoldsParametersAndBuffersOutsideTheGraph) {
  const Model model;
  const StateDict state = model.state_dict();
  EXPECT_EQ(names(state), (Names{"steps", "fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"}));
  EXPECT_FALSE(state.at("fc1.weight").requires_grad());
  state.at("fc1.bias").fill_(7);
  EXPECT_EQ(model.fc1.bias.to_vector(), std::vector<double>(4, 7));  // shares the elements
}

TEST(LoadStateDict, CopiesTheValuesIntoTheSameTensorsAndLayouts) {
  manual_seed(1);
  const Model source;
  source.steps.fill_(12345678901);
  Model target;
  const Tensor weight = target.fc1.weight;
  const nn::IncompatibleKeys keys = target.load_state_dict(from_a_file(source.state_dict()));
  EXPECT_TRUE(keys.missing.empty());
  EXPECT_TRUE(keys.unexpected.empty());
  EXPECT_TRUE(target.fc1.weight.is_same(weight));
  EXPECT_EQ(weight.strides(), (Shape{1, 4}));
  EXPECT_TRUE(weight.requires_grad());
  EXPECT_TRUE(weight.is_leaf());
  EXPECT_TRUE(same_bits(weight, source.fc1.weight));
  EXPECT_TRUE(same_bits(target.fc2.bias, source.fc2.bias));
  EXPECT_EQ(target.steps.item<std::int64_t>(), 12345678901);
}

TEST(LoadStateDict, DoesNotShareElementsWithTheState) {
  Model model;
  const StateDict state = from_a_file(model.state_dict());
  model.load_state_dict(state);
  state.at("fc1.bias").fill_(99);
  EXPECT_NE(model.fc1.bias.to_vector()[0], 99);
}

TEST(LoadStateDict, ConvertsBetweenFloatingTypes) {
  Model source;
  source.to(kFloat64);
  Model target;
  target.load_state_dict(source.state_dict());
  EXPECT_EQ(target.fc1.weight.dtype(), kFloat32);
  EXPECT_EQ(target.fc1.weight.to_vector(), source.fc1.weight.to_vector());
}

TEST(LoadStateDict, ListsEverythingThatDoesNotFitInOneErrorAndLoadsNothing) {
  Model model;
  StateDict state = from_a_file(Model().state_dict());
  state = without(state, "fc2.bias");
  state.set("fc1.weight", zeros({5, 3}));
  state.set("steps", zeros({}));
  state.set("fc3.weight", zeros({1}));
  state.set("fc2.weight", Tensor());
  const StateDict before = model.state_dict().clone();
  EXPECT_TRUE(fails_with<ValueError>(
      [&] { model.load_state_dict(state); }, "load_state_dict: the state does not fit Model: ",
      {"missing fc2.bias;", "unexpected fc3.weight;", "fc1.weight: file [5, 3], model [4, 3]",
       "steps: file float32, model int64", "fc2.weight: undefined in the file",
       "nothing was loaded", ".strict = false"}));
  for (const auto& [name, tensor] : model.state_dict())
    EXPECT_TRUE(same_bits(tensor, before.at(name))) << name;
}

TEST(LoadStateDict, NamesEveryMissingTensorOfAnEmptyState) {
  Model model;
  EXPECT_TRUE(
      fails_with<ValueError>([&] { model.load_state_dict({}); }, "load_state_dict",
                             {"missing steps, fc1.weight, fc1.bias, fc2.weight, fc2.bias:"}));
}

TEST(LoadStateDict, ReportsMissingAndUnexpectedNamesWhenNotStrict) {
  const Model source;
  Model target;
  StateDict state = without(from_a_file(source.state_dict()), "fc2.bias");
  state.set("head.weight", zeros({3}));
  const Tensor kept = target.fc2.bias.detach().clone();
  const nn::IncompatibleKeys keys = target.load_state_dict(state, {.strict = false});
  EXPECT_EQ(keys.missing, Names{"fc2.bias"});
  EXPECT_EQ(keys.unexpected, Names{"head.weight"});
  EXPECT_TRUE(same_bits(target.fc1.weight, source.fc1.weight));
  EXPECT_TRUE(same_bits(target.fc2.bias, kept));
}

TEST(LoadStateDict, RefusesOtherShapesEvenWhenNotStrict) {
  Model model;
  StateDict state = from_a_file(Model().state_dict());
  state.set("fc2.bias", zeros({3}));
  const Tensor before = model.fc1.weight.detach().clone();
  EXPECT_TRUE(fails_with<ValueError>([&] { model.load_state_dict(state, {.strict = false}); },
                                     "load_state_dict", {"fc2.bias: file [3], model [2]"}));
  EXPECT_TRUE(same_bits(model.fc1.weight, before));
}

TEST(LoadStateDict, RefusesABufferWhoseElementsOverlap) {
  struct Expanded : nn::Module {
    Tensor& row = buffer("row", zeros({1}).expand({4}));
  };
  Expanded module;
  EXPECT_TRUE(
      fails_with<ValueError>([&] { module.load_state_dict(from_a_file(module.state_dict())); },
                             "load_state_dict", {"row: expanded in the model (strides [0])"}));
}

struct Tied : nn::Module {
  nn::Linear& a = add("a", nn::Linear(2, 2, {.bias = false}));
  nn::Linear& b = add("b", nn::Linear(2, 2, {.bias = false}));
  Tied() { b.weight = a.weight; }
};

TEST(LoadStateDict, TakesTiedParametersUnderBothNames) {
  const Tied source;
  Tied target;
  target.load_state_dict(from_a_file(source.state_dict()));
  EXPECT_TRUE(target.a.weight.is_same(target.b.weight));
  EXPECT_TRUE(same_bits(target.a.weight, source.a.weight));
}

TEST(LoadStateDict, RefusesTwoValuesForOneTiedParameter) {
  Tied model;
  StateDict state = from_a_file(model.state_dict());
  state.at("b.weight").fill_(5);
  const Tensor before = model.a.weight.detach().clone();
  EXPECT_TRUE(fails_with<ValueError>([&] { model.load_state_dict(state); }, "load_state_dict",
                                     {"a.weight and b.weight: one tensor in the model"}));
  EXPECT_TRUE(same_bits(model.a.weight, before));
}

TEST(LoadStateDict, OfAModulesOwnStateChangesNothing) {
  Model model;
  const StateDict before = model.state_dict().clone();
  model.load_state_dict(model.state_dict());
  for (const auto& [name, tensor] : model.state_dict())
    EXPECT_TRUE(same_bits(tensor, before.at(name))) << name;
}

TEST(LoadStateDict, LoadsPartsOfALargerState) {
  const Model source;
  StateDict checkpoint;
  checkpoint.merge("model.", source.state_dict());
  Model target;
  target.load_state_dict(checkpoint.sub("model."));
  EXPECT_TRUE(same_bits(target.fc2.weight, source.fc2.weight));
}

}  // namespace
}  // namespace tarn
