#include <string>

#include <gtest/gtest.h>

#include <tarn/nn/nn.h>

namespace outer {

template <class T>
struct Block : tarn::nn::Module {};

struct Enclosing {
  struct Inner : tarn::nn::Module {};
};

}  // namespace outer

namespace tarn {
namespace {

struct MLP : nn::Module {
  nn::Linear& fc1 = add("fc1", nn::Linear(784, 128));
};

struct Net : nn::Module {
  nn::Sequential& body = add(
      "body", nn::Sequential(nn::Flatten(), nn::Linear(4, 2, {.bias = false}), nn::Dropout(0.25)));
  nn::Tanh& act = add("act", nn::Tanh());
  std::string extra() const override { return "width=2"; }
};

TEST(PrintedModule, LooksLikePyTorchs) {
  EXPECT_EQ(to_string(MLP()),
            "MLP(\n"
            "  (fc1): Linear(in_features=784, out_features=128, bias=True)\n"
            ")");
}

TEST(PrintedModule, IndentsNestedModulesAndPutsItsOwnOptionsFirst) {
  EXPECT_EQ(to_string(Net()),
            "Net(\n"
            "  width=2\n"
            "  (body): Sequential(\n"
            "    (0): Flatten(start_dim=1, end_dim=-1)\n"
            "    (1): Linear(in_features=4, out_features=2, bias=False)\n"
            "    (2): Dropout(p=0.25)\n"
            "  )\n"
            "  (act): Tanh()\n"
            ")");
}

TEST(PrintedModule, WithoutChildrenOrOptionsIsAName) {
  EXPECT_EQ(to_string(nn::ReLU()), "ReLU()");
  EXPECT_EQ(to_string(nn::Sigmoid()), "Sigmoid()");
  EXPECT_EQ(to_string(nn::Sequential()), "Sequential()");
  EXPECT_EQ(to_string(nn::CrossEntropyLoss()), "CrossEntropyLoss()");
}

TEST(TypeName, HasNoNamespacesOrEnclosingScopes) {
  struct Local : nn::Module {};
  EXPECT_EQ(Local().type_name(), "Local");
  EXPECT_EQ(outer::Enclosing::Inner().type_name(), "Inner");
  EXPECT_EQ(outer::Block<int>().type_name(), "Block<int>");
  EXPECT_EQ(outer::Block<outer::Enclosing::Inner>().type_name(), "Block<outer::Enclosing::Inner>");
}

TEST(TypeName, CanBeChosen) {
  struct Renamed : nn::Module {
    std::string type_name() const override { return "Block"; }
  };
  EXPECT_EQ(to_string(Renamed()), "Block()");
}

TEST(Summary, HasOneRowPerModuleAndAddsUpToTheTotal) {
  nn::Sequential model(nn::Linear(784, 128), nn::ReLU(), nn::Linear(128, 10));
  EXPECT_EQ(nn::summary(model),
            "module     type        parameters\n"
            "(model)    Sequential           0\n"
            "0          Linear         100,480\n"
            "1          ReLU                 0\n"
            "2          Linear           1,290\n"
            "total                     101,770\n"
            "trainable                 101,770\n");
}

TEST(Summary, CountsTiedParametersOnceAndLeavesFrozenOnesOutOfTheTrainable) {
  nn::Sequential model(nn::Linear(2, 2, {.bias = false}), nn::Sequential(nn::Linear(2, 2)));
  nn::Linear& first = model.at<nn::Linear>(0);
  model.at<nn::Sequential>(1).at<nn::Linear>(0).weight = first.weight;
  first.requires_grad_(false);
  EXPECT_EQ(nn::summary(model),
            "module     type        parameters\n"
            "(model)    Sequential           0\n"
            "0          Linear               4\n"
            "1          Sequential           0\n"
            "1.0        Linear               2\n"
            "total                           6\n"
            "trainable                       2\n");
}

TEST(Summary, OfAModuleWithoutParametersIsZero) {
  EXPECT_EQ(nn::summary(nn::ReLU()),
            "module     type  parameters\n"
            "(model)    ReLU           0\n"
            "total                     0\n"
            "trainable                 0\n");
}

}  // namespace
}  // namespace tarn
