#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/autograd/backward.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/node.h>
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

struct MLP : nn::Module {
  nn::Linear& fc1 = add("fc1", nn::Linear(3, 4));
  nn::Linear& fc2 = add("fc2", nn::Linear(4, 2));
  Tensor forward(const Tensor& x) override { return fc2(relu(fc1(x))); }
};

struct Normalizer : nn::Module {
  Tensor& scale = parameter("scale", ones({2}));
  Tensor& mean = buffer("mean", zeros({2}));
  Tensor& steps = buffer("steps", zeros({}, {.dtype = kInt64}));
};

struct Empty : nn::Module {};

struct TwoInputs : nn::Module {
  Tensor forward(const Tensor& a, const Tensor& b) { return a + b; }

 private:
  using nn::Module::forward;
};

// Makes no sense to move: others hold its address.
struct Pinned : nn::Module {
  Pinned() = default;
  Pinned(Pinned&&) = delete;
  Tensor forward(const Tensor& x) override { return x; }
};

std::vector<std::string> names(const nn::NamedTensors& entries) {
  std::vector<std::string> result;
  for (const auto& [name, tensor] : entries) result.push_back(name);
  return result;
}

using Names = std::vector<std::string>;

TEST(ModuleRegistration, ListsParametersWithDottedNamesInOrder) {
  const MLP model;
  EXPECT_EQ(names(model.named_parameters()),
            (Names{"fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"}));
  EXPECT_EQ(model.parameters().size(), 4U);
  EXPECT_TRUE(model.parameters()[0].is_same(model.fc1.weight));
  EXPECT_EQ(model.num_parameters(), 3 * 4 + 4 + 4 * 2 + 2);
}

TEST(ModuleRegistration, OwnTensorsComeBeforeThoseOfChildrenWhateverTheOrderOfTheMembers) {
  struct Mixed : nn::Module {
    nn::Linear& fc = add("fc", nn::Linear(1, 1));
    Tensor& scale = parameter("scale", ones({1}));
  };
  EXPECT_EQ(names(Mixed().named_parameters()), (Names{"scale", "fc.weight", "fc.bias"}));
}

TEST(ModuleRegistration, ParametersRequireGradAndBuffersDoNot) {
  const Normalizer module;
  EXPECT_TRUE(module.scale.requires_grad());
  EXPECT_FALSE(module.mean.requires_grad());
  EXPECT_EQ(names(module.named_parameters()), Names{"scale"});
  EXPECT_EQ(names(module.named_buffers()), (Names{"mean", "steps"}));
}

TEST(ModuleRegistration, UndefinedParametersAreInNoListingUntilOneIsAssigned) {
  nn::Linear fc(3, 2, {.bias = false});
  EXPECT_EQ(names(fc.named_parameters()), Names{"weight"});
  EXPECT_EQ(fc.state_dict().size(), 1U);
  fc.bias = zeros({2}, {.requires_grad = true});
  EXPECT_EQ(names(fc.named_parameters()), (Names{"weight", "bias"}));
}

TEST(ModuleRegistration, AssigningAMemberReplacesTheRegisteredTensor) {
  MLP model;
  const Tensor other = zeros({4, 3}, {.requires_grad = true});
  model.fc1.weight = other;
  EXPECT_TRUE(model.parameters()[0].is_same(other));
  EXPECT_TRUE(model.named_parameters()[0].second.is_same(other));
}

TEST(ModuleRegistration, RefusesNamesThatAreEmptyDottedOrTaken) {
  Normalizer module;
  EXPECT_TRUE(fails_with<ValueError>([&] { module.add("", nn::ReLU()); },
                                     "add(\"\") in Normalizer: ", {"empty"}));
  EXPECT_TRUE(
      fails_with<ValueError>([&] { module.add("a.b", nn::ReLU()); }, "add(\"a.b\")", {"dot"}));
  EXPECT_TRUE(fails_with<ValueError>([&] { module.parameter("", ones({1})); }, "parameter(\"\")",
                                     {"empty"}));
  EXPECT_TRUE(
      fails_with<ValueError>([&] { module.buffer("x.", ones({1})); }, "buffer(\"x.\")", {"dot"}));
  module.add("act", nn::ReLU());
  EXPECT_TRUE(fails_with<ValueError>([&] { module.add("act", nn::ReLU()); }, "add(\"act\")",
                                     {"already has a child of that name"}));
  for (const char* taken : {"act", "scale", "mean"}) {
    EXPECT_TRUE(fails_with<ValueError>([&] { module.add(taken, nn::ReLU()); }, "add", {"already"}));
    EXPECT_TRUE(fails_with<ValueError>([&] { module.parameter(taken, ones({1})); }, "parameter",
                                       {"already"}));
    EXPECT_TRUE(
        fails_with<ValueError>([&] { module.buffer(taken, ones({1})); }, "buffer", {"already"}));
  }
}

TEST(ModuleRegistration, ARefusedRegistrationLeavesTheModuleAsItWas) {
  Normalizer module;
  const Tensor integers = zeros({3}, {.dtype = kInt64});
  const Tensor result = module.scale * 2;
  EXPECT_TRUE(fails_with<DTypeError>([&] { module.parameter("count", integers); }, "requires_grad_",
                                     {"int64"}));
  EXPECT_TRUE(fails_with<ValueError>([&] { module.parameter("twice", result); },
                                     "parameter(\"twice\")", {"result of mul", "detach()"}));
  EXPECT_THROW(module.add("scale", nn::ReLU()), ValueError);
  EXPECT_THROW(module.add("null", std::unique_ptr<nn::ReLU>()), ValueError);
  EXPECT_EQ(module.state_dict().size(), 3U);
  EXPECT_TRUE(module.children().empty());
  module.parameter("count", ones({3}));  // the name is still free
  EXPECT_EQ(module.state_dict().size(), 4U);
}

TEST(ModuleRegistration, TakesModulesThatAreOnTheHeapAlready) {
  Empty parent;
  std::unique_ptr<nn::Module> chosen = std::make_unique<nn::Tanh>();
  nn::Module* const address = chosen.get();
  nn::Module& child = parent.add("act", std::move(chosen));
  EXPECT_EQ(&child, address);
  Pinned& pinned = parent.add("pinned", std::make_unique<Pinned>());
  EXPECT_EQ(parent.children(), (std::vector<nn::Module*>{&child, &pinned}));
}

TEST(ModuleRegistration, SharesAModuleThatHasOtherOwners) {
  const auto shared = std::make_shared<nn::Linear>(3, 2);
  Empty first;
  {
    Empty second;
    EXPECT_EQ(&first.add("a", shared), shared.get());
    second.add("b", shared);
    EXPECT_TRUE(second.parameters()[0].is_same(first.parameters()[0]));
    second.eval();
  }
  EXPECT_FALSE(shared->is_training());
  EXPECT_EQ(first.named_parameters()[0].first, "a.weight");
  EXPECT_TRUE(fails_with<ValueError>([&] { first.add("c", std::shared_ptr<nn::Linear>()); },
                                     "add(\"c\")", {"null"}));
}

TEST(ModuleMove, KeepsReferencesOfMembersAndOfTheCallerValid) {
  MLP first;
  nn::Linear& fc1 = first.fc1;
  Tensor& weight = first.fc1.weight;
  const Tensor x = ones({5, 3});
  const Tensor before = first(x);

  MLP second(std::move(first));
  EXPECT_EQ(&second.fc1, &fc1);
  EXPECT_TRUE(same_bits(second(x), before));

  // Deeper: the parent moves onto the heap of a grandparent, and that moves.
  Empty root;
  MLP& moved = root.add("mlp", std::move(second));
  Empty last(std::move(root));
  EXPECT_EQ(&moved.fc1.weight, &weight);
  EXPECT_TRUE(same_bits(moved(x), before));
  weight = zeros({4, 3}, {.requires_grad = true});
  EXPECT_TRUE(last.parameters()[0].is_same(weight));
  EXPECT_EQ(last.num_parameters(), 26);
}

TEST(ModuleMove, KeepsModeAndBuffers) {
  Normalizer module;
  module.eval();
  module.mean.fill_(3);
  const Normalizer moved(std::move(module));
  EXPECT_FALSE(moved.is_training());
  EXPECT_EQ(moved.mean.to_vector(), (std::vector<double>{3, 3}));
  EXPECT_TRUE(moved.named_buffers()[0].second.is_same(moved.mean));
}

TEST(ModuleMove, IsNeverACopy) {
  static_assert(!std::is_copy_constructible_v<MLP>);
  static_assert(!std::is_copy_constructible_v<nn::Linear>);
  static_assert(!std::is_copy_assignable_v<nn::ReLU>);
  static_assert(
      !std::is_move_assignable_v<nn::Linear>);  // the members refer to what they registered
  static_assert(std::is_nothrow_move_constructible_v<nn::Linear>);
  static_assert(!std::is_constructible_v<nn::Module, nn::Linear>);  // no slicing
  std::vector<nn::Linear> layers;
  for (int i = 1; i < 10; ++i) layers.push_back(nn::Linear(i, i));
  for (int i = 1; i < 10; ++i) {
    EXPECT_EQ(layers[static_cast<std::size_t>(i - 1)].weight.sizes(), (Shape{i, i}));
  }
}

TEST(TiedParameters, AreListedOnceAndGetTheSumOfTheirGradients) {
  struct AutoEncoder : nn::Module {
    nn::Linear& first = add("first", nn::Linear(2, 2, {.bias = false}));
    nn::Linear& second = add("second", nn::Linear(2, 2, {.bias = false}));
    AutoEncoder() { second.weight = first.weight; }
    Tensor forward(const Tensor& x) override { return second(first(x)); }
  };
  AutoEncoder model;
  EXPECT_EQ(names(model.named_parameters()), Names{"first.weight"});
  EXPECT_EQ(model.num_parameters(), 4);
  EXPECT_EQ(model.state_dict().size(), 2U);
  model(ones({1, 2})).sum().backward();
  EXPECT_TRUE(model.first.weight.grad().is_same(model.second.weight.grad()));
}

TEST(ModuleTree, ListsChildrenAndAllModules) {
  Empty root;
  MLP& mlp = root.add("mlp", MLP());
  nn::ReLU& act = root.add("act", nn::ReLU());
  EXPECT_EQ(root.children(), (std::vector<nn::Module*>{&mlp, &act}));
  EXPECT_EQ(root.named_children()[1].first, "act");
  const auto modules = root.named_modules();
  ASSERT_EQ(modules.size(), 5U);
  EXPECT_EQ(modules[0].first, "");
  EXPECT_EQ(modules[0].second, &root);
  EXPECT_EQ(modules[1].first, "mlp");
  EXPECT_EQ(modules[2].first, "mlp.fc1");
  EXPECT_EQ(modules[2].second, &mlp.fc1);
  EXPECT_EQ(modules[4].first, "act");
}

TEST(ModuleTree, SwitchesTrainingModeForAllBelow) {
  Empty root;
  const nn::Linear& fc = root.add("mlp", MLP()).fc1;
  EXPECT_TRUE(root.is_training());
  root.eval();
  EXPECT_FALSE(root.is_training());
  EXPECT_FALSE(fc.is_training());
  root.train();
  EXPECT_TRUE(fc.is_training());
  root.train(false);
  EXPECT_FALSE(fc.is_training());
}

TEST(ZeroGrad, ClearsGradientsOrFillsThemWithZeros) {
  MLP model;
  model(ones({1, 3})).sum().backward();
  ASSERT_TRUE(model.fc2.bias.grad().defined());
  const Tensor grad = model.fc2.bias.grad();
  model.zero_grad(/*set_to_none=*/false);
  EXPECT_TRUE(model.fc2.bias.grad().is_same(grad));
  EXPECT_EQ(grad.to_vector(), (std::vector<double>{0, 0}));
  model.zero_grad();
  for (const Tensor& parameter : model.parameters()) EXPECT_FALSE(parameter.grad().defined());
}

TEST(Freezing, TakesParametersOutOfTheGraphAndBack) {
  MLP model;
  model.fc1.requires_grad_(false);
  model(ones({1, 3})).sum().backward();
  EXPECT_FALSE(model.fc1.weight.grad().defined());
  EXPECT_TRUE(model.fc2.weight.grad().defined());
  EXPECT_EQ(model.parameters().size(), 4U);  // frozen parameters are still saved and listed
  model.requires_grad_();
  EXPECT_TRUE(model.fc1.weight.requires_grad());
}

TEST(Calling, SaysSoWhenAModuleTakesOtherInputs) {
  Empty empty;
  EXPECT_TRUE(fails_with<Error>([&] { empty(ones({1})); }, "Empty: forward(const Tensor&)",
                                {"other inputs"}));
  TwoInputs two;
  EXPECT_EQ(two.forward(ones({1}), ones({1})).item(), 2);
}

std::string place_of(const Tensor& result) { return describe(*gradient_node(result)); }

std::string this_line(int line, const char* op) {
  return std::string(op) + " (line " + std::to_string(line) + " of module_test.cpp)";
}

TEST(CallSite, IsTheUsersLineEvenThroughSequentials) {
  nn::Linear fc(3, 2);
  const Tensor direct = fc(ones({1, 3}));
  EXPECT_EQ(place_of(direct), this_line(__LINE__ - 1, "linear"));
  nn::Sequential net(nn::Linear(3, 3), nn::Sequential(nn::Linear(3, 3), nn::Tanh()));
  const Tensor nested = net(ones({1, 3}));
  EXPECT_EQ(place_of(nested), this_line(__LINE__ - 1, "tanh"));
}

TEST(CallSite, IsTheLineInsideTheUsersForward) {
  struct Net : nn::Module {
    nn::Linear& fc = add("fc", nn::Linear(3, 2));
    int line = 0;
    Tensor forward(const Tensor& x) override {
      line = __LINE__ + 1;
      return fc(x);
    }
  };
  Net net;
  const Tensor y = net(ones({1, 3}));
  EXPECT_EQ(place_of(y), this_line(net.line, "linear"));
}

TEST(CallSite, IsForgottenAfterTheCallEvenWhenItThrows) {
  nn::Linear fc(3, 2);
  EXPECT_THROW(fc(ones({1, 4})), ShapeError);
  const auto line = static_cast<int>(nn::call_site().line());
  EXPECT_EQ(line, __LINE__ - 1);
}

TEST(ConvertingModules, KeepsEveryTensorTheSameObjectInItsLayout) {
  nn::Linear fc(3, 2);
  const Tensor weight = fc.weight;
  const std::vector<float> values = weight.to_vector<float>();
  fc(ones({1, 3})).sum().backward();
  fc.to(kFloat64);
  EXPECT_TRUE(fc.weight.is_same(weight));
  EXPECT_EQ(weight.dtype(), kFloat64);
  EXPECT_EQ(weight.strides(), (Shape{1, 2}));
  EXPECT_EQ(weight.to_vector<float>(), values);
  EXPECT_EQ(weight.grad().dtype(), kFloat64);
  EXPECT_EQ(weight.grad().to_vector(), std::vector<double>(6, 1));
  EXPECT_TRUE(weight.requires_grad());

  fc.zero_grad();
  fc(ones({1, 3}, {.dtype = kFloat64})).sum().backward();
  EXPECT_EQ(weight.grad().to_vector(), std::vector<double>(6, 1));
  EXPECT_THROW(weight.add_(1), AutogradError);  // still a leaf that requires grad
}

TEST(ConvertingModules, LeavesIntegerBuffersAndRefusesIntegerTypes) {
  Normalizer module;
  EXPECT_TRUE(
      fails_with<DTypeError>([&] { module.to(kInt64); }, "to: int64", {"float32 or float64"}));
  EXPECT_EQ(module.scale.dtype(), kFloat32);
  module.to(kFloat64);
  EXPECT_EQ(module.scale.dtype(), kFloat64);
  EXPECT_EQ(module.mean.dtype(), kFloat64);
  EXPECT_EQ(module.steps.dtype(), kInt64);
}

TEST(ConvertingModules, RefusesABufferInsideAGraphAndConvertsNothing) {
  Normalizer module;
  module.mean = module.scale * 2;
  EXPECT_TRUE(
      fails_with<AutogradError>([&] { module.to(kFloat64); }, "to: mean is the result of mul"));
  EXPECT_EQ(module.scale.dtype(), kFloat32);
}

TEST(ConvertingModules, KeepsTiedParametersTied) {
  Empty root;
  nn::Linear& a = root.add("a", nn::Linear(2, 2));
  nn::Linear& b = root.add("b", nn::Linear(2, 2));
  b.weight = a.weight;
  root.to(kFloat64);
  EXPECT_TRUE(a.weight.is_same(b.weight));
  EXPECT_EQ(b.weight.dtype(), kFloat64);
}

TEST(ConvertingModules, IsNoticedByAGraphThatSavedTheOldValues) {
  nn::Linear fc(3, 2);
  const Tensor saved = square(fc(ones({1, 3}, {.requires_grad = true}))).sum();
  const Tensor not_saved = fc(ones({1, 3})).sum();
  fc.to(kFloat64);
  EXPECT_THROW(saved.backward(), AutogradError);
  EXPECT_THROW(not_saved.backward(), Error);
  EXPECT_FALSE(fc.weight.grad().defined());
}

}  // namespace
}  // namespace tarn
