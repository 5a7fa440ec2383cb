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
using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

// x w^T + b, where b may be left out.
struct Affine : torch::autograd::Function<Affine> {
  static torch::Tensor forward(AutogradContext* ctx, torch::Tensor x, torch::Tensor w,
                               torch::Tensor b = torch::Tensor()) {
    ctx->save_for_backward({x, w, b});
    torch::Tensor y = x.mm(w.t());
    if (b.defined()) y += b.unsqueeze(0).expand_as(y);
    return y;
  }
  static tensor_list backward(AutogradContext* ctx, tensor_list grads) {
    const auto saved = ctx->get_saved_variables();
    torch::Tensor of_b;
    if (saved[2].defined()) of_b = grads[0].sum(0);
    return {grads[0].mm(saved[1]), grads[0].t().mm(saved[0]), of_b};
  }
};

// Two outputs, and arguments that are no tensors on both sides of one.
struct Powers : torch::autograd::Function<Powers> {
  static tensor_list forward(AutogradContext* ctx, double factor, torch::Tensor x,
                             std::string label) {
    ctx->saved_data["factor"] = factor;
    ctx->saved_data["label"] = label;
    ctx->save_for_backward({x});
    return {x * factor, x * x};
  }
  static tensor_list backward(AutogradContext* ctx, tensor_list grads) {
    const torch::Tensor x = ctx->get_saved_variables()[0];
    const double factor = ctx->saved_data["factor"].toDouble();
    return {torch::Tensor(), grads[0] * factor + grads[1] * x * 2, torch::Tensor()};
  }
};

TEST(TorchFunction, HasTheGradientsOfItsBackward) {
  const torch::Tensor x = torch::randn({5, 3}).requires_grad_();
  const torch::Tensor w = torch::randn({4, 3}).requires_grad_();
  const torch::Tensor b = torch::randn({4}).requires_grad_();
  const torch::Tensor seed = torch::randn({5, 4});
  Affine::apply(x, w, b).backward(seed);
  const auto mine =
      std::vector<torch::Tensor>{x.grad().clone(), w.grad().clone(), b.grad().clone()};
  for (const auto& leaf : {x, w, b}) leaf.set_grad({});
  tarn::linear(x, w, b).backward(seed);
  EXPECT_TRUE(torch::allclose(mine[0], x.grad()));
  EXPECT_TRUE(torch::allclose(mine[1], w.grad()));
  EXPECT_TRUE(torch::allclose(mine[2], b.grad()));
}

TEST(TorchFunction, MayLeaveOutADefaultArgument) {
  const torch::Tensor x = torch::ones({1, 2}).requires_grad_();
  const torch::Tensor w = torch::tensor({{3.0, 4.0}}).requires_grad_();
  Affine::apply(x, w).backward();
  EXPECT_EQ(x.grad().to_vector<int>(), (std::vector<int>{3, 4}));
}

TEST(TorchFunction, PassesOverArgumentsThatAreNoTensors) {
  const torch::Tensor x = torch::tensor({1.0, 2.0}).requires_grad_();
  const tensor_list y = Powers::apply(5.0, x, std::string("p"));
  (y[0].sum() + y[1].sum()).backward();
  EXPECT_EQ(x.grad().to_vector<int>(), (std::vector<int>{7, 9}));
}

TEST(TorchFunction, IsDifferentiableTwice) {
  const torch::Tensor x = torch::tensor({3.0}).requires_grad_();
  const torch::Tensor y = Powers::apply(1.0, x, std::string())[1].sum();
  const torch::Tensor g = torch::autograd::grad({y}, {x}, {}, {}, /*create_graph=*/true)[0];
  EXPECT_EQ(torch::autograd::grad({g.sum()}, {x})[0].item<float>(), 2);
}

struct WrongCount : torch::autograd::Function<WrongCount> {
  static torch::Tensor forward(AutogradContext*, torch::Tensor x, double) { return x * 1; }
  static tensor_list backward(AutogradContext*, tensor_list) { return {}; }
};
struct OfANumber : torch::autograd::Function<OfANumber> {
  static torch::Tensor forward(AutogradContext*, torch::Tensor x, double) { return x * 1; }
  static tensor_list backward(AutogradContext*, tensor_list grads) { return {grads[0], grads[0]}; }
};

TEST(TorchFunction, RefusesGradientsThatDoNotFitItsArguments) {
  const torch::Tensor x = torch::ones({2}).requires_grad_();
  EXPECT_TRUE(fails_with<ValueError>([&] { WrongCount::apply(x, 1.0).sum().backward(); },
                                     "WrongCount", {"returned 0"}));
  EXPECT_TRUE(fails_with<ValueError>([&] { OfANumber::apply(x, 1.0).sum().backward(); },
                                     "backward: gradient 1", {"no tensor"}));
  EXPECT_FALSE(x.grad().defined());
}

TEST(TorchAutograd, PenaltyOnGradientsHasSecondDerivatives) {
  torch::nn::Linear model(4, 3);
  const torch::Tensor x = torch::randn({3, 4}).requires_grad_(true);
  const torch::Tensor y = model(x);
  const auto g = torch::autograd::grad({y}, {x}, /*grad_outputs=*/{torch::ones_like(y)},
                                       /*retain_graph=*/{}, /*create_graph=*/true)[0];
  const torch::Tensor penalty = torch::pow(g.norm(2, /*dim=*/1) - 1, 2).mean();
  penalty.backward();
  // g is the sum s of the weight's rows, the same for each example: d penalty / d row = 2 (|s| - 1)
  // s / |s|.
  const torch::Tensor s = model->weight.detach().sum(0);
  const torch::Tensor expected = s * (2 * (s.norm().item() - 1) / s.norm().item());
  EXPECT_TRUE(torch::allclose(model->weight.grad(), expected.expand_as(model->weight), 1e-4, 1e-5));
}

TEST(TorchAutograd, NamesTheOpsOfTheGraph) {
  const torch::Tensor x = torch::ones({2, 2}, torch::requires_grad());
  const torch::Tensor y = x + 2;
  EXPECT_STREQ(y.grad_fn()->name(), "add");
  EXPECT_FALSE(x.grad_fn());
  EXPECT_FALSE(torch::GradMode::is_enabled() && [] {
    torch::NoGradGuard no_grad;
    return torch::GradMode::is_enabled();
  }());
}

TEST(TorchIValue, GivesBackWhatWasPutIn) {
  EXPECT_EQ(torch::IValue(5).toInt(), 5);
  EXPECT_TRUE(torch::IValue(true).toBool());
  EXPECT_EQ(torch::IValue("text").toStringRef(), "text");
  EXPECT_EQ(torch::IValue(torch::IntArrayRef({1, 2})).toIntVector(),
            (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(torch::IValue(torch::ones({2})).toTensor().numel(), 2);
  EXPECT_TRUE(torch::IValue().isNone());
  EXPECT_TRUE(fails_with<ValueError>([] { torch::IValue(1.5).toInt(); }, "IValue: another type"));
  EXPECT_TRUE(fails_with<ValueError>([] { torch::IValue().toBool(); }, "IValue: it is empty"));
}

}  // namespace
}  // namespace tarn
