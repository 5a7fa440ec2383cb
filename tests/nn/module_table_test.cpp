#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/autograd/ops.h>
#include <tarn/nn/nn.h>
#include <tarn/tensor/factories.h>

#include "../derived_classes.h"
#include "../tensor/closeness.h"
#include "module_fixture.h"

// Every layer and every loss against PyTorch: values, gradients of inputs and parameters, buffers,
// both modes, names in the state_dict.
namespace tarn::nn {
namespace {

using testing::is_close;
using testing::Tolerance;

constexpr Tolerance kNear = {.rtol = 1e-11, .atol = 1e-13};

using Make = std::function<std::unique_ptr<nn::Module>()>;
using Row = std::pair<std::string, Make>;

template <class M, class... Arguments>
Row row(const std::string& title, Arguments... arguments) {
  return {title,
          [=]() -> std::unique_ptr<nn::Module> { return std::make_unique<M>(arguments...); }};
}

std::vector<Row> layers() {
  const Conv2dOptions conv{.kernel_size = {2, 3},
                           .stride = {2, 1},
                           .padding = {0, 2},
                           .dilation = {1, 2},
                           .groups = 2,
                           .bias = false,
                           .dtype = kFloat64};
  const ConvTranspose2dOptions transposed{.kernel_size = 3,
                                          .stride = 2,
                                          .padding = 1,
                                          .output_padding = 1,
                                          .groups = 2,
                                          .bias = false,
                                          .dtype = kFloat64};
  const BatchNormOptions norm{.dtype = kFloat64};
  const BatchNormOptions mean_of_all{.momentum = std::nullopt, .dtype = kFloat64};
  const BatchNormOptions plain{
      .eps = 0.1, .affine = false, .track_running_stats = false, .dtype = kFloat64};
  const MultiheadAttentionOptions attention{.dtype = kFloat64};
  return {
      row<ReLU>("ReLU"),
      row<Tanh>("Tanh"),
      row<Sigmoid>("Sigmoid"),
      row<LeakyReLU>("LeakyReLU"),
      row<LeakyReLU>("LeakyReLU slope", 0.2),
      row<ELU>("ELU"),
      row<ELU>("ELU alpha", 0.5),
      row<SiLU>("SiLU"),
      row<GELU>("GELU"),
      row<GELU>("GELU tanh", Gelu::tanh),
      row<Softplus>("Softplus"),
      row<Softplus>("Softplus beta", SoftplusOptions{.beta = 2, .threshold = 1}),
      row<Softmax>("Softmax", 1),
      row<LogSoftmax>("LogSoftmax", 0),
      row<Flatten>("Flatten"),
      row<Linear>("Linear", 4, 3, LinearOptions{.dtype = kFloat64}),
      row<Linear>("Linear no_bias", 4, 3, LinearOptions{.bias = false, .dtype = kFloat64}),
      row<Conv2d>("Conv2d", 2, 3, Conv2dOptions{.kernel_size = 3, .dtype = kFloat64}),
      row<Conv2d>("Conv2d options", 4, 2, conv),
      row<ConvTranspose2d>("ConvTranspose2d", 2, 3,
                           ConvTranspose2dOptions{.kernel_size = 2, .dtype = kFloat64}),
      row<ConvTranspose2d>("ConvTranspose2d options", 4, 2, transposed),
      row<MaxPool2d>("MaxPool2d", MaxPool2dOptions{.kernel_size = 2, .stride = 2}),
      row<MaxPool2d>(
          "MaxPool2d options",
          MaxPool2dOptions{
              .kernel_size = 3, .stride = 2, .padding = 1, .dilation = 2, .ceil_mode = true}),
      row<AvgPool2d>("AvgPool2d", AvgPool2dOptions{.kernel_size = 2, .stride = 2}),
      row<AvgPool2d>("AvgPool2d options", AvgPool2dOptions{.kernel_size = 3,
                                                           .stride = 2,
                                                           .padding = 1,
                                                           .ceil_mode = true,
                                                           .count_include_pad = false}),
      row<BatchNorm1d>("BatchNorm1d", 3, norm),
      row<BatchNorm1d>("BatchNorm1d plain", 3, plain),
      row<BatchNorm1d>("BatchNorm1d mean_of_all", 3, mean_of_all),
      row<BatchNorm2d>("BatchNorm2d", 3, norm),
      row<BatchNorm2d>("BatchNorm2d plain", 3, plain),
      row<BatchNorm2d>("BatchNorm2d mean_of_all", 3, mean_of_all),
      row<LayerNorm>("LayerNorm", Shape{4}, LayerNormOptions{.dtype = kFloat64}),
      row<LayerNorm>("LayerNorm plain", Shape{3, 4},
                     LayerNormOptions{.eps = 0.1, .elementwise_affine = false, .dtype = kFloat64}),
      row<Embedding>("Embedding", 5, 3, EmbeddingOptions{.dtype = kFloat64}),
      row<Embedding>("Embedding padding", 5, 3,
                     EmbeddingOptions{.padding_idx = 1, .dtype = kFloat64}),
      row<Dropout>("Dropout none", 0.0),
      row<Dropout>("Dropout all", 1.0),
      row<Dropout>("Dropout half"),
      row<Dropout2d>("Dropout2d none", 0.0),
      row<Dropout2d>("Dropout2d all", 1.0),
      row<Dropout2d>("Dropout2d half"),
      row<MultiheadAttention>("MultiheadAttention", 4, 2, attention),
      row<MultiheadAttention>(
          "MultiheadAttention no_bias", 4, 2,
          MultiheadAttentionOptions{.bias = false, .batch_first = true, .dtype = kFloat64}),
  };
}

// A loss in each reduction, and rows of its own.
template <class L, class Options>
void add_loss(std::vector<Row>& rows, const std::string& name, const Options& options,
              const std::vector<std::pair<std::string, Options>>& variants = {}) {
  for (const auto& [word, reduction] :
       {std::pair{"mean", Reduction::mean}, {"sum", Reduction::sum}, {"none", Reduction::none}}) {
    Options own = options;
    own.reduction = reduction;
    rows.push_back(row<L>(name + " " + word, own));
  }
  for (const auto& [variant, own] : variants) rows.push_back(row<L>(name + " " + variant, own));
}

// Weights get their values from the state.
std::vector<Row> losses() {
  const Tensor weight = ones({3}, {.dtype = kFloat64});
  std::vector<Row> rows;
  add_loss<MSELoss>(rows, "MSELoss", MseLossOptions());
  add_loss<L1Loss>(rows, "L1Loss", L1LossOptions());
  add_loss<SmoothL1Loss>(rows, "SmoothL1Loss", SmoothL1LossOptions(), {{"beta", {.beta = 0.5}}});
  add_loss<HuberLoss>(rows, "HuberLoss", HuberLossOptions(), {{"delta", {.delta = 0.5}}});
  add_loss<BCELoss>(rows, "BCELoss", BinaryCrossEntropyOptions(),
                    {{"weight", {.weight = weight.clone()}}});
  add_loss<BCEWithLogitsLoss>(
      rows, "BCEWithLogitsLoss", BceWithLogitsOptions(),
      {{"weights", {.weight = weight.clone(), .pos_weight = weight.clone()}}});
  add_loss<KLDivLoss>(
      rows, "KLDivLoss", KlDivOptions(),
      {{"batchmean", {.reduction = Reduction::batchmean}}, {"log_target", {.log_target = true}}});
  add_loss<CrossEntropyLoss>(
      rows, "CrossEntropyLoss", CrossEntropyOptions(),
      {{"options", {.weight = weight.clone(), .ignore_index = 1, .label_smoothing = 0.1}}});
  add_loss<NLLLoss>(rows, "NLLLoss", NllLossOptions(),
                    {{"options", {.weight = weight.clone(), .ignore_index = 1}}});
  return rows;
}

std::map<std::string, Make> table() {
  std::map<std::string, Make> rows;
  for (const auto& part : {layers(), losses()}) rows.insert(part.begin(), part.end());
  return rows;
}

// Classes that compute nothing of their own.
const std::map<std::string, std::string> kWithoutRow = {
    {"Loss", "base class"},
    {"LossFunction", "base class"},
    {"BatchNorm", "base class"},
    {"Sequential", "holds other modules: tests/nn/sequential_test.cpp"},
    {"ModuleList", "holds other modules: tests/nn/module_list_test.cpp"},
    {"Functional", "calls the user's function: tests/nn/activation_test.cpp"},
};

Tensor call(nn::Module& module, const std::vector<Tensor>& x) {
  if (auto* const loss = dynamic_cast<nn::Loss*>(&module)) return (*loss)(x[0], x[1]);
  if (auto* const attention = dynamic_cast<nn::MultiheadAttention*>(&module))
    return (*attention)(x[0], x[1], x[2]).first;
  return module(x[0]);
}

std::vector<std::string> names_of(const nn::NamedTensors& tensors) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : tensors) names.push_back(name);
  return names;
}

void load(nn::Module& module, const ModuleFixture& fixture) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : module.state_dict()) names.push_back(name);
  ASSERT_EQ(names, names_of(fixture.state)) << "PyTorch's names, in its order";
  StateDict state;
  for (const auto& [name, tensor] : fixture.state) state.set(name, tensor);
  module.load_state_dict(state);
}

// What of a module was compared with PyTorch.
struct Coverage {
  int cases = 0;
  int input_grads = 0;
  int parameter_grads = 0;
  int state_names = 0;
  int buffers = 0;
  std::set<bool> modes{};
};

void expect_case(nn::Module& module, const ModuleFixture& fixture, Coverage& coverage) {
  load(module, fixture);
  module.train(fixture.training);
  std::vector<Tensor> inputs;
  for (const Tensor& x : fixture.inputs) {
    inputs.push_back(x.clone());
    if (is_floating_point(x.dtype())) inputs.back().requires_grad_();
  }
  const Tensor output = call(module, inputs);
  EXPECT_TRUE(is_close(output, fixture.output, kNear));
  if (output.requires_grad()) output.backward(fixture.grad_output);
  std::size_t next = 0;
  for (const Tensor& x : inputs) {
    if (!x.requires_grad()) continue;
    const Tensor grad = x.grad().defined() ? x.grad() : zeros_like(x);
    EXPECT_TRUE(is_close(grad, fixture.input_grads.at(next), kNear)) << "input gradient " << next;
    ++next;
    ++coverage.input_grads;
  }
  ASSERT_EQ(names_of(module.named_parameters()), names_of(fixture.grads));
  for (const auto& [name, expected] : fixture.grads) {
    for (const auto& [own, parameter] : module.named_parameters()) {
      if (own != name) continue;
      EXPECT_TRUE(is_close(parameter.grad(), expected, kNear)) << name;
    }
    ++coverage.parameter_grads;
  }
  StateDict state = module.state_dict();
  for (const auto& [name, before] : fixture.state) {
    const auto changed =
        std::find_if(fixture.after.begin(), fixture.after.end(),
                     [&name = name](const auto& entry) { return entry.first == name; });
    const Tensor& expected = changed == fixture.after.end() ? before : changed->second;
    EXPECT_TRUE(is_close(*state.find(name), expected, kNear)) << name << " after the call";
    coverage.buffers += changed != fixture.after.end();
  }
  ++coverage.cases;
  coverage.state_names += static_cast<int>(fixture.state.size());
  coverage.modes.insert(fixture.training);
}

TEST(ModuleTable, EveryLayerAndLossComputesAsPyTorch) {
  const std::map<std::string, Make> rows = table();
  // Classes that have cases of their own for evaluation; the others give the same in both modes.
  const std::set<std::string> depends_on_mode = {"BatchNorm1d", "BatchNorm2d", "Dropout",
                                                 "Dropout2d", "MultiheadAttention"};
  std::map<std::string, Coverage> classes;
  std::set<std::string> seen;
  for (const ModuleFixture& fixture : read_module_fixtures()) {
    SCOPED_TRACE(fixture.title + (fixture.training ? "" : ", eval"));
    ASSERT_TRUE(rows.contains(fixture.title)) << "a fixture without a row";
    seen.insert(fixture.title);
    const std::unique_ptr<nn::Module> module = rows.at(fixture.title)();
    EXPECT_EQ(module->type_name(), fixture.title.substr(0, fixture.title.find(' ')));
    Coverage& coverage = classes[module->type_name()];
    expect_case(*module, fixture, coverage);
    if (depends_on_mode.contains(module->type_name())) continue;
    ModuleFixture in_evaluation = fixture;
    in_evaluation.training = false;
    expect_case(*rows.at(fixture.title)(), in_evaluation, coverage);
  }
  EXPECT_EQ(seen.size(), rows.size()) << "a row without a fixture";

  std::set<std::string> covered;
  for (const auto& [name, reason] : kWithoutRow) covered.insert(name);
  for (const auto& [name, coverage] : classes) {
    covered.insert(name);
    EXPECT_EQ(coverage.modes.size(), 2U) << name << " was tested in one mode only";
  }
  EXPECT_EQ(testing::derived_classes("nn", "Module"), covered)
      << "the classes of nn/*.h and those of the table";

  std::cout << "classes derived from nn::Module: " << covered.size()
            << ", in the table: " << classes.size() << ", not applicable: " << kWithoutRow.size()
            << '\n';
  for (const auto& [name, reason] : kWithoutRow)
    std::cout << "    " << name << ": " << reason << '\n';
  std::cout << "class: cases, input gradients, parameter gradients, names in the state, changed "
               "buffers, modes\n";
  for (const auto& [name, c] : classes) {
    std::cout << "    " << name << ": " << c.cases << ", " << c.input_grads << ", "
              << c.parameter_grads << ", " << c.state_names << ", " << c.buffers << ", "
              << (depends_on_mode.contains(name) ? "train and eval" : "the same in both modes")
              << '\n';
  }
}

}  // namespace
}  // namespace tarn::nn
