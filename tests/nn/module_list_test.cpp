#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/autograd/ops.h>
#include <tarn/nn/nn.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"

namespace tarn {
namespace {

using testing::fails_with;
using testing::same_bits;

struct Stack : nn::Module {
  nn::ModuleList<nn::Linear>& layers = add("layers", nn::ModuleList<nn::Linear>());
  Stack() {
    for (int i = 0; i < 3; ++i) layers.append(nn::Linear(2, 2));
  }
  Tensor forward(const Tensor& x) override {
    Tensor y = x;
    for (nn::Linear& layer : layers) y = layer(y);
    return y;
  }
};

TEST(ModuleLists, RegisterTheirModulesByNumber) {
  Stack model;
  EXPECT_EQ(model.named_parameters()[2].first, "layers.1.weight");
  EXPECT_EQ(model.parameters().size(), 6U);
  const Tensor x = ones({1, 2});
  EXPECT_TRUE(same_bits(model(x), model.layers[2](model.layers[1](model.layers[-3](x)))));
  EXPECT_TRUE(fails_with<IndexError>([&] { (void)model.layers[3]; },
                                     "ModuleList: index 3 is out of range"));
}

TEST(ModuleLists, StayValidWhenTheyMove) {
  Stack model;
  nn::ModuleList<nn::Linear> list;
  nn::Linear& first = list.append(nn::Linear(1, 1));
  const nn::ModuleList<nn::Linear> moved = std::move(list);
  EXPECT_EQ(&moved[0], &first);
  EXPECT_EQ(moved.size(), 1);
}

TEST(ModuleLists, HoldAnyModules) {
  nn::ModuleList<> list;
  list.append(nn::ReLU());
  list.append(nn::Linear(2, 1));
  EXPECT_EQ(
      to_string(list),
      "ModuleList(\n  (0): ReLU()\n  (1): Linear(in_features=2, out_features=1, bias=True)\n)");
}

TEST(FunctionalModules, CallTheirFunction) {
  nn::Sequential net(nn::Functional([](const Tensor& x) { return x * 2; }), nn::ReLU());
  EXPECT_EQ(net(tensor({-1.0, 3.0})).to_vector(), (std::vector<double>{0, 6}));
  EXPECT_THROW(nn::Functional({}), ValueError);
}

TEST(Sequentials, NestAndPrint) {
  nn::Sequential net(nn::Sequential(nn::Linear(2, 2), nn::ReLU()), nn::Dropout(0.5));
  EXPECT_EQ(net.named_parameters()[0].first, "0.0.weight");
  std::ostringstream out;
  out << net;
  EXPECT_EQ(out.str(), to_string(net));
}

TEST(Applying, VisitsChildrenBeforeTheirParents) {
  nn::Sequential net(nn::Sequential(nn::Linear(2, 2), nn::ReLU()), nn::Tanh());
  std::vector<std::string> names;
  net.apply([&](nn::Module& module) { names.push_back(module.type_name()); });
  EXPECT_EQ(names,
            (std::vector<std::string>{"Linear", "ReLU", "Sequential", "Tanh", "Sequential"}));
}

TEST(WeightTying, SharesOneParameterUnderTwoNames) {
  struct Tied : nn::Module {
    nn::Embedding& embedding = add("embedding", nn::Embedding(5, 3));
    nn::Linear& head = add("head", nn::Linear(3, 5, {.bias = false}));
    Tied() { head.weight = embedding.weight; }
    Tensor forward(const Tensor& x) override { return head(embedding(x)); }
  };
  Tied model;
  EXPECT_EQ(model.parameters().size(), 1U);
  EXPECT_TRUE(model.state_dict().contains("embedding.weight"));
  EXPECT_TRUE(model.state_dict().contains("head.weight"));
  sum(model(tensor({1, 1, 4}))).backward();
  // Each row gets the sum of the vectors that went in; rows 1, 1 and 4 also what came back.
  const Tensor w = model.embedding.weight.detach();
  const Tensor seen = w[1] * 2 + w[4];
  const Tensor back = sum(w, {0});
  EXPECT_TRUE(testing::is_close(model.head.weight.grad()[0], seen, {.rtol = 1e-5, .atol = 1e-6}));
  EXPECT_TRUE(testing::is_close(model.head.weight.grad()[1], seen + back * 2,
                                {.rtol = 1e-5, .atol = 1e-6}));
  model.to(kFloat64);
  EXPECT_TRUE(model.head.weight.is_same(model.embedding.weight));
}

}  // namespace
}  // namespace tarn
