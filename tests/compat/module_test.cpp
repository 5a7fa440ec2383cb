#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"

namespace tarn {
namespace {

using testing::fails_with;
using testing::same_bits;

struct BlockImpl : torch::nn::Module {
  explicit BlockImpl(int64_t width) : fc(width, width) {
    register_module("fc", fc);
    scale = register_parameter("scale", torch::ones({width}));
    frozen = register_parameter("frozen", torch::ones({1}), /*requires_grad=*/false);
    register_buffer("calls", torch::zeros({1}));
  }
  torch::Tensor forward(torch::Tensor x) { return fc(x) * scale; }

  torch::nn::Linear fc;
  torch::Tensor scale, frozen;
};
TORCH_MODULE(Block);

// Made like the libtorch tutorial's: the layers are assigned in the constructor's body.
struct Net : torch::nn::Module {
  Net() {
    block = register_module("block", Block(4));
    out = register_module("out", torch::nn::Linear(4, 2));
  }
  torch::Tensor forward(torch::Tensor x) {
    return torch::dropout(out(torch::relu(block(x))), 0.5, is_training());
  }
  Block block{nullptr};
  torch::nn::Linear out{nullptr};
};

TEST(TorchModuleHolder, SharesItsModuleWithItsCopies) {
  torch::nn::Linear a(3, 2);
  torch::nn::Linear b = a;
  EXPECT_EQ(a.get(), b.get());
  EXPECT_EQ(a.ptr(), b.ptr());
  torch::nn::Linear c(b.ptr());
  EXPECT_TRUE(same_bits(a(torch::ones({1, 3})), c->forward(torch::ones({1, 3}))));
  EXPECT_TRUE(static_cast<bool>(a));
}

TEST(TorchModuleHolder, WithoutAModuleSaysSo) {
  torch::nn::Linear fc{nullptr};
  EXPECT_TRUE(fc.is_empty());
  EXPECT_TRUE(fails_with<ValueError>([&] { fc->parameters(); }, "the module holder is empty"));
  EXPECT_TRUE(fails_with<ValueError>([&] { fc(torch::ones({1, 3})); }, "the module holder"));
  torch::nn::Module parent;
  EXPECT_TRUE(fails_with<ValueError>([&] { parent.register_module("fc", fc); },
                                     "register_module(\"fc\")", {"null"}));
}

TEST(TorchModule, ListsWhatWasRegisteredByDottedNames) {
  Net net;
  EXPECT_EQ(net.named_parameters().keys(),
            (std::vector<std::string>{"block.scale", "block.frozen", "block.fc.weight",
                                      "block.fc.bias", "out.weight", "out.bias"}));
  EXPECT_EQ(net.named_buffers().keys(), std::vector<std::string>{"block.calls"});
  EXPECT_EQ(net.parameters().size(), 6U);
  EXPECT_EQ(net.buffers().size(), 1U);
  EXPECT_FALSE(net.block->frozen.requires_grad());
  EXPECT_TRUE(net.named_parameters()["block.scale"].is_same(net.block->scale));
  for (auto& parameter : net.named_parameters()) {
    EXPECT_TRUE(parameter.value().is_leaf()) << parameter.key();
  }
  EXPECT_EQ(net.named_children().keys(), (std::vector<std::string>{"block", "out"}));
  EXPECT_EQ(net.children()[1].get(), net.out.get());
}

TEST(TorchModule, TrainsTheParametersThatItShares) {
  Net net;
  net.eval();
  net.forward(torch::ones({3, 4})).sum().backward();
  EXPECT_TRUE(net.out->weight.grad().defined());
  EXPECT_TRUE(net.block->fc->bias.grad().defined());
  net.zero_grad();
  EXPECT_FALSE(net.out->weight.grad().defined());
}

TEST(TorchModule, SwitchesModesAllTheWayDown) {
  Net net;
  EXPECT_TRUE(net.is_training() && net.block->fc->is_training());
  net.eval();
  EXPECT_FALSE(net.is_training() || net.block->is_training() || net.block->fc->is_training());
  net.train();
  EXPECT_TRUE(net.block->fc->is_training());
}

TEST(TorchModule, MovesToTheCpuAndChangesType) {
  Net net;
  net.to(torch::Device(torch::kCPU));
  net.to(torch::kCPU, torch::kFloat64);
  EXPECT_EQ(net.block->fc->weight.dtype(), kFloat64);
  EXPECT_EQ(net.forward(torch::ones({1, 4}, torch::kFloat64)).dtype(), kFloat64);
  EXPECT_TRUE(fails_with<ValueError>([&] { net.to(torch::kCUDA); }, "to(cuda)", {"CPU"}));
}

TEST(TorchModule, AppliesAFunctionToEachModuleAsWhatItIs) {
  Net net;
  std::vector<std::string> seen;
  net.apply([&](torch::nn::Module& module) {
    seen.push_back(module.name());
    if (auto* fc = module.as<torch::nn::Linear>()) {
      torch::NoGradGuard no_grad;
      fc->weight.fill_(0.5);
    }
  });
  EXPECT_EQ(seen, (std::vector<std::string>{"Net", "Block", "Linear", "Linear"}));
  EXPECT_EQ(net.block->fc->weight.sum().item<float>(), 8);
  EXPECT_EQ(net.as<torch::nn::Linear>(), nullptr);
  EXPECT_EQ(net.out->as<torch::nn::LinearImpl>(), net.out.get());
}

TEST(TorchModule, OnTheHeapListsItselfAmongItsModules) {
  const auto net = std::make_shared<Net>();
  EXPECT_EQ(net->modules().size(), 4U);
  EXPECT_EQ(net->modules(/*include_self=*/false).size(), 3U);
  EXPECT_EQ(net->modules()[0].get(), net.get());
}

TEST(TorchModule, RefusesAnUnusableOrRepeatedName) {
  struct Twice : torch::nn::Module {
    Twice() {
      register_module("fc", torch::nn::Linear(1, 1));
      register_module("fc", torch::nn::Linear(1, 1));
    }
  };
  EXPECT_TRUE(fails_with<ValueError>([] { Twice twice; }, "add(\"fc\")", {"already"}));
  torch::nn::Module module;
  EXPECT_TRUE(fails_with<ValueError>([&] { module.register_buffer("a.b", torch::ones({1})); },
                                     "buffer(\"a.b\")", {"dot"}));
}

TEST(TorchModule, PrintsItsTree) {
  Net net;
  std::ostringstream text;
  text << net << '\n' << torch::nn::Dropout(0.1);
  EXPECT_EQ(text.str(),
            "Net(\n"
            "  (block): Block(\n"
            "    (fc): Linear(in_features=4, out_features=4, bias=True)\n"
            "  )\n"
            "  (out): Linear(in_features=4, out_features=2, bias=True)\n"
            ")\n"
            "Dropout(p=0.1)");
}

TEST(TorchModule, LivesOnInWhatWasCopiedFromIt) {
  torch::nn::Linear fc{nullptr};
  std::vector<torch::Tensor> parameters;
  {
    Net net;
    fc = net.out;
    parameters = net.parameters();
  }
  EXPECT_EQ(fc(torch::ones({1, 4})).sizes(), Shape({1, 2}));
  EXPECT_TRUE(parameters[4].is_same(fc->weight));
}

TEST(TorchSequential, RunsHoldersModulesAndPointersInOrder) {
  torch::nn::Linear first(4, 4);
  torch::nn::Sequential net(first, torch::nn::ReLU(), Block(4),
                            std::make_shared<torch::nn::TanhImpl>());
  const torch::Tensor x = torch::ones({2, 4});
  auto& block = net->at<BlockImpl>(2);
  EXPECT_TRUE(same_bits(net(x), torch::tanh(block.forward(torch::relu(first(x))))));
  EXPECT_EQ(net->size(), 4U);
  EXPECT_EQ(net->named_parameters().keys()[0], "0.weight");
}

TEST(TorchSequential, GrowsByPushBackWithOrWithoutANameOfItsOwn) {
  torch::nn::Sequential net({{"fc", torch::nn::Linear(2, 3)}, {"act", torch::nn::ReLU()}});
  net->push_back(torch::nn::Linear(3, 1));
  net->push_back("last", torch::nn::Functional(torch::sigmoid));
  EXPECT_EQ(net->named_children().keys(), (std::vector<std::string>{"fc", "act", "2", "last"}));
  EXPECT_EQ(net->forward(torch::ones({5, 2})).sizes(), Shape({5, 1}));
  torch::nn::Sequential empty;
  EXPECT_TRUE(empty->is_empty());
  EXPECT_TRUE(same_bits(empty(torch::ones({2})), torch::ones({2})));
}

TEST(TorchSequential, IsABaseForModels) {
  struct Mlp : torch::nn::SequentialImpl {
    Mlp() {
      push_back(torch::nn::Linear(2, 8));
      push_back(torch::nn::Functional(torch::relu));
      push_back(torch::nn::Linear(8, 1));
    }
  };
  Mlp model;
  EXPECT_EQ(model.forward(torch::ones({3, 2})).sizes(), Shape({3, 1}));
  EXPECT_EQ(model.parameters().size(), 4U);
}

TEST(TorchSequential, RefusesAnIndexOrTypeThatItDoesNotHave) {
  torch::nn::Sequential net{torch::nn::ReLU()};
  EXPECT_TRUE(fails_with<IndexError>([&] { net->ptr(1); }, "Sequential: index 1", {"1 modules"}));
  EXPECT_TRUE(fails_with<ValueError>([&] { net->at<torch::nn::LinearImpl>(0); },
                                     "Sequential::at(0)", {"ReLU"}));
}

TEST(TorchModuleList, RegistersItsModules) {
  torch::nn::ModuleList list(torch::nn::Linear(2, 3), torch::nn::ReLU());
  list->push_back(torch::nn::Linear(3, 1));
  EXPECT_EQ(list->size(), 3U);
  EXPECT_EQ(list->named_parameters().keys()[2], "2.weight");
  EXPECT_EQ(list->at<torch::nn::LinearImpl>(2).options.in_features(), 3);
  int count = 0;
  for (const auto& module : *list) count += module->as<torch::nn::ReLU>() ? 1 : 0;
  EXPECT_EQ(count, 1);
  EXPECT_TRUE(fails_with<IndexError>([&] { (*list)[3]; }, "ModuleList: index 3"));
}

TEST(TorchNnUtils, ClipTheGradientsNorm) {
  torch::nn::Linear fc(4, 4);
  (fc(torch::ones({1, 4})) * 100).sum().backward();
  EXPECT_GT(torch::nn::utils::clip_grad_norm_(fc->parameters(), 1.0), 100);
  double squares = 0;
  for (const auto& p : fc->parameters()) squares += p.grad().square().sum().item();
  EXPECT_NEAR(squares, 1, 1e-5);
  torch::nn::utils::clip_grad_value_(fc->parameters(), 0.01);
  EXPECT_FLOAT_EQ(fc->bias.grad().max().item<float>(), 0.01F);
  torch::nn::init::constant_(fc->bias, 3);
  EXPECT_EQ(fc->bias.sum().item<float>(), 12);
}

}  // namespace
}  // namespace tarn
