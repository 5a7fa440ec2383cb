#include <array>
#include <stdexcept>

#include <gtest/gtest.h>

#include <tarn/autograd/backward.h>
#include <tarn/autograd/function.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/gradcheck.h>
#include <tarn/autograd/ops.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/pool.h>
#include <tarn/tensor/str.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"
#include "operands.h"

// Differentiable functions as users write them.
namespace tarn::testing {
namespace {

struct Cube : Function<Cube> {
  static Tensor forward(FunctionContext& ctx, const Tensor& x) {
    ctx.save_for_backward({x});
    return x * x * x;
  }
  static Tensor backward(FunctionContext& ctx, const Tensor& g) {
    const Tensor x = ctx.saved_tensors()[0];
    return g * 3 * square(x);
  }
};

TEST(UserFunction, HasTheGradientThatItsBackwardSays) {
  const Tensor x = variable({2, -3});
  const Tensor y = Cube::apply(x);
  EXPECT_EQ(y.grad_fn_name(), "Cube");
  EXPECT_TRUE(same_bits(y.detach(), constant({8, -27})));
  sum(y).backward();
  EXPECT_TRUE(same_bits(x.grad(), constant({12, 27})));
}

TEST(UserFunction, IsDifferentiableTwice) {
  const auto cube = [](const std::vector<Tensor>& in) { return Cube::apply(in[0] * 2); };
  const Tensor x = variable({0.5, -0.3});
  EXPECT_TRUE(gradcheck(cube, {x}));
  EXPECT_TRUE(gradgradcheck(cube, {x}));
}

TEST(UserFunction, StaysOutsideTheGraphWhenNothingRequiresGrad) {
  EXPECT_FALSE(Cube::apply(constant({2})).requires_grad());
  const Tensor x = variable(2);
  const NoGradGuard no_grad;
  EXPECT_FALSE(Cube::apply(x).requires_grad());
}

TEST(UserFunction, ReportsTheLineOfItsCallForASavedTensorThatChanged) {
  const Tensor x = variable(2) * 1;
  const int line = __LINE__ + 1;
  const Tensor y = Cube::apply(x);
  x.add_(1);
  EXPECT_TRUE(fails_with<AutogradError>(
      [&] { y.backward(); }, str("Cube (line ", line, " of function_test.cpp) saved its input [1]"),
      {"modified in place"}));
}

// y = exp(x) by its own output.
struct Exp : Function<Exp> {
  static Tensor forward(FunctionContext& ctx, const Tensor& x) {
    const Tensor y = exp(x);
    ctx.save_for_backward({y});
    return y;
  }
  static Tensor backward(FunctionContext& ctx, const Tensor& g) {
    return g * ctx.saved_tensors()[0];
  }
};

TEST(UserFunction, MaySaveItsOutput) {
  const auto function = [](const std::vector<Tensor>& in) { return Exp::apply(in[0]); };
  EXPECT_TRUE(gradcheck(function, {variable({0.1, 0.7})}));
  EXPECT_TRUE(gradgradcheck(function, {variable({0.1, 0.7})}));
  const Tensor x = variable(1);
  const Tensor y = Exp::apply(x);
  y.mul_(2);
  EXPECT_TRUE(fails_with<AutogradError>([&] { y.backward(); }, "Exp (line ", {"its output [1]"}));
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(UserFunction, DoesNotOwnItselfThroughASavedOutput) {
  const auto in_use = [] {
    empty_cache();
    return memory_stats().bytes_reserved;
  };
  const auto before = in_use();
  {
    const Tensor x = zeros({100000}, {.requires_grad = true});
    const Tensor y = Exp::apply(Exp::apply(x));
    EXPECT_TRUE(y.requires_grad());
  }
  EXPECT_EQ(in_use(), before);
}
#endif

// As in the documentation.
struct Swish : Function<Swish> {
  struct Context : FunctionContext {
    double beta = 1;
  };
  static Tensor forward(Context& ctx, const Tensor& x, double beta) {
    ctx.beta = beta;
    ctx.save_for_backward({x});
    return x * sigmoid(x * beta);
  }
  static Tensor backward(Context& ctx, const Tensor& g) {
    const Tensor x = ctx.saved_tensors()[0];
    const Tensor s = sigmoid(x * ctx.beta);
    return g * s * (1 + x * (1 - s) * ctx.beta);
  }
};

TEST(UserFunction, TakesNumbersBesideTensors) {
  const auto function = [](const std::vector<Tensor>& in) { return Swish::apply(in[0], 1.5); };
  EXPECT_TRUE(gradcheck(function, {variable({0.5, -2})}));
  EXPECT_TRUE(gradgradcheck(function, {variable({0.5, -2})}));
}

// a * x + b * y, with numbers in between and attributes in its context.
struct Combine : Function<Combine> {
  struct Context : FunctionContext {
    double a = 0;
    double b = 0;
  };
  static Tensor forward(Context& ctx, const Tensor& x, double a, const Tensor& y, double b) {
    ctx.a = a;
    ctx.b = b;
    return x * a + y * b;
  }
  static std::array<Tensor, 2> backward(Context& ctx, const Tensor& g) {
    return {ctx.needs_input_grad(0) ? g * ctx.a : Tensor(),
            ctx.needs_input_grad(1) ? g * ctx.b : Tensor()};
  }
};

TEST(UserFunction, KeepsAttributesAndHasGradientsForItsTensorsOnly) {
  const Tensor x = variable(1);
  const Tensor y = variable(2);
  Combine::apply(x, 3.0, y, 5.0).backward();
  EXPECT_EQ(x.grad().item(), 3);
  EXPECT_EQ(y.grad().item(), 5);
}

TEST(UserFunction, KnowsWhichInputsNeedAGradient) {
  const Tensor y = variable(2);
  const Tensor z = Combine::apply(constant({1}), 3.0, y, 5.0);
  z.backward();
  EXPECT_EQ(y.grad().item(), 5);
}

TEST(UserFunction, UsesOneTensorTwice) {
  const Tensor x = variable(1);
  Combine::apply(x, 3.0, x, 5.0).backward();
  EXPECT_EQ(x.grad().item(), 8);
}

TEST(UserFunction, TakesAnUndefinedTensor) {
  struct AddIf : Function<AddIf> {
    static Tensor forward(FunctionContext&, const Tensor& x, const Tensor& y) {
      return y.defined() ? x + y : x.clone();
    }
    static std::vector<Tensor> backward(FunctionContext& ctx, const Tensor& g) {
      return {g, ctx.needs_input_grad(1) ? g : Tensor()};
    }
  };
  const Tensor x = variable(1);
  AddIf::apply(x, Tensor()).backward();
  EXPECT_EQ(x.grad().item(), 1);
}

// x y and x + y, and which of them is larger.
struct Both : Function<Both> {
  static std::array<Tensor, 3> forward(FunctionContext& ctx, const Tensor& x, const Tensor& y) {
    const Tensor product = x * y;
    const Tensor larger = product.clone();
    ctx.save_for_backward({x, y, product});
    ctx.mark_non_differentiable({larger});
    return {product, x + y, larger};
  }
  static std::array<Tensor, 2> backward(FunctionContext& ctx, const std::vector<Tensor>& g) {
    const auto saved = ctx.saved_tensors();
    // The saved output takes part, so that its history counts in second derivatives.
    const Tensor zero = saved[2] - saved[0] * saved[1];
    return {g[0] * saved[1] + g[1] + zero + g[2], g[0] * saved[0] + g[1]};
  }
};

TEST(UserFunction, HasSeveralOutputs) {
  const Tensor x = variable(3);
  const Tensor y = variable(4);
  const auto [product, total, larger] = Both::apply(x, y);
  EXPECT_FALSE(larger.requires_grad());
  (product * 10 + total).backward();
  EXPECT_EQ(x.grad().item(), 41);
  EXPECT_EQ(y.grad().item(), 31);
}

TEST(UserFunction, GetsZerosForOutputsThatWereNotUsed) {
  const Tensor x = variable(3);
  const Tensor y = variable(4);
  const Tensor total = Both::apply(x, y)[1];
  total.backward();
  EXPECT_EQ(x.grad().item(), 1);
  EXPECT_EQ(y.grad().item(), 1);
}

TEST(UserFunction, WithSeveralOutputsIsDifferentiableTwice) {
  const auto function = [](const std::vector<Tensor>& in) {
    const auto [product, total, larger] = Both::apply(in[0], in[1]);
    return square(product) * total;
  };
  const std::vector<Tensor> inputs = {variable({0.5, 2}), variable({-1, 0.3})};
  EXPECT_TRUE(gradcheck(function, inputs));
  EXPECT_TRUE(gradgradcheck(function, inputs));
}

TEST(UserFunction, DifferentiatesWithRespectToOneOfItsOutputs) {
  const Tensor x = variable(3);
  const Tensor y = variable(4);
  const auto [product, total, larger] = Both::apply(x, y);
  EXPECT_EQ(grad({product * total * 2}, {total})[0].item(), 24);
}

TEST(UserFunction, WithSeveralOutputsRunsInAPassInsideAPass) {
  const Tensor x = variable(3);
  const Tensor y = variable(4);
  const auto [product, total, larger] = Both::apply(x, y);
  const Tensor other = product * 2 + total;
  double inner = 0;
  total.register_hook([&](const Tensor&) {
    if (inner != 0) return;
    inner = 1;
    inner = grad({other}, {x}, {.retain_graph = true})[0].item();
  });
  (product * 10 + total).backward();
  EXPECT_EQ(inner, 9);
  EXPECT_EQ(x.grad().item(), 41);
}

TEST(UserFunction, WithSeveralOutputsForgetsAPassThatFailed) {
  const Tensor x = variable(3);
  const Tensor y = variable(4);
  const auto [product, total, larger] = Both::apply(x, y);
  RemovableHandle handle =
      product.register_hook([](const Tensor&) { throw std::runtime_error("stop"); });
  const Tensor loss = product + total;
  EXPECT_THROW(loss.backward({.retain_graph = true}), std::runtime_error);
  handle.remove();
  loss.backward({.retain_graph = true});
  EXPECT_EQ(x.grad().item(), 5);
  loss.backward();
  EXPECT_EQ(x.grad().item(), 10);
  EXPECT_THROW(loss.backward(), AutogradError);
}

TEST(UserFunction, WithIntegerOutputsGivesThemNoGradient) {
  struct Split : Function<Split> {
    static std::vector<Tensor> forward(FunctionContext&, const Tensor& x) {
      return {x * 2, x.to(kInt64)};
    }
    static Tensor backward(FunctionContext&, const std::vector<Tensor>& g) { return g[0] * 2; }
  };
  const Tensor x = variable({1.5, 2.5});
  const std::vector<Tensor> parts = Split::apply(x);
  EXPECT_FALSE(parts[1].requires_grad());
  sum(parts[0]).backward();
  EXPECT_TRUE(same_bits(x.grad(), constant({2, 2})));
}

// The identity, whose gradient is reversed (Ganin 2015).
struct Reverse : Function<Reverse> {
  static Tensor forward(FunctionContext&, const Tensor& x) { return x; }
  static Tensor backward(FunctionContext&, const Tensor& g) { return -g; }
};

TEST(UserFunction, MayReturnItsInput) {
  const Tensor x = variable(3);
  const Tensor y = Reverse::apply(x);
  EXPECT_TRUE(x.is_leaf());
  EXPECT_FALSE(y.is_same(x));
  (y * 2 + x).backward();
  EXPECT_EQ(x.grad().item(), -1);
}

template <class Result>
struct Returns : Function<Returns<Result>> {
  static Tensor forward(FunctionContext&, const Tensor& x, const Tensor& y) { return x + y; }
  static std::vector<Tensor> backward(FunctionContext&, const Tensor&) { return Result::value(); }
};
struct OneOnly {
  static std::vector<Tensor> value() { return {ones({1}, {.dtype = kFloat64})}; }
};
struct NoElement {
  static std::vector<Tensor> value() { return {constant({1}), zeros({0}, {.dtype = kFloat64})}; }
};
struct Float32One {
  static std::vector<Tensor> value() { return {constant({1}), ones({1})}; }
};

TEST(UserFunction, NamesItselfAndItsLineForAWrongGradient) {
  const Tensor x = variable(3);
  const Tensor y = variable(4);
  EXPECT_TRUE(fails_with<ValueError>([&] { Returns<OneOnly>::apply(x, y).backward(); }, "Returns<",
                                     {"backward returned 1 gradients", "took 2 tensors"}));
  const Tensor pair = constant({1, 2}).requires_grad_();
  EXPECT_TRUE(fails_with<ShapeError>([&] { Returns<NoElement>::apply(x, pair).sum().backward(); },
                                     "Returns<", {"[0] for input 1", "[2]"}));
  EXPECT_TRUE(fails_with<DTypeError>([&] { Returns<Float32One>::apply(x, y).backward(); },
                                     "Returns<", {"float32 for input 1", "float64"}));
  EXPECT_FALSE(x.grad().defined());
}

struct Times : Function<Times> {
  static Tensor forward(FunctionContext& ctx, const Tensor& a, const Tensor& b) {
    ctx.save_for_backward({a, b});
    return a * b;
  }
  static std::vector<Tensor> backward(FunctionContext& ctx, const Tensor& g) {
    const std::vector<Tensor> saved = ctx.saved_tensors();
    return {g * saved[1], g * saved[0]};
  }
};

TEST(UserFunction, GradientOfABroadcastArgumentIsSummedToItsShape) {
  const auto times = [](const std::vector<Tensor>& in) { return Times::apply(in[0], in[1]); };
  const Tensor a = constant({1, 2, 3, 4, 5, 6}).view({2, 3}).requires_grad_();
  for (const Shape& shape : {Shape{3}, Shape{1, 3}, Shape{2, 1}, Shape{1}, Shape{}}) {
    const Tensor b = full(shape, 0.5, {.dtype = kFloat64}).requires_grad_();
    EXPECT_TRUE(gradcheck(times, {a, b})) << str(shape);
    EXPECT_TRUE(gradgradcheck(times, {a, b})) << str(shape);
  }
  const Tensor row = constant({10, 20, 30}).requires_grad_();
  Times::apply(a.detach(), row).sum().backward();
  EXPECT_TRUE(equal(row.grad(), constant({5, 7, 9})));
}

struct SavesNothing : Function<SavesNothing> {
  static Tensor forward(FunctionContext&, const Tensor& x) { return x * x; }
  static Tensor backward(FunctionContext& ctx, const Tensor& g) {
    return g * 2 * ctx.saved_tensors()[0];
  }
};

TEST(UserFunction, ThatSavedNothingIsToldSoWhenItAsks) {
  const Tensor x = variable(3);
  EXPECT_TRUE(fails_with<AutogradError>([&] { SavesNothing::apply(x).backward(); }, "SavesNothing",
                                        {"forward saved none", "save_for_backward"}));
}

TEST(UserFunction, MustNotChangeItsInputInPlace) {
  struct Doubles : Function<Doubles> {
    static Tensor forward(FunctionContext&, const Tensor& x) { return x.mul_(2); }
    static Tensor backward(FunctionContext&, const Tensor& g) { return g * 2; }
  };
  const Tensor x = variable(3) * 1;
  EXPECT_TRUE(fails_with<AutogradError>([&] { Doubles::apply(x); }, "Doubles: ", {"in place"}));
}

TEST(UserFunction, MustReturnADefinedTensor) {
  struct Nothing : Function<Nothing> {
    static Tensor forward(FunctionContext&, const Tensor&) { return {}; }
    static Tensor backward(FunctionContext&, const Tensor& g) { return g; }
  };
  EXPECT_TRUE(fails_with<ValueError>([] { Nothing::apply(variable(1)); }, "Nothing: forward"));
}

TEST(UserFunction, ChainIsFreedWithoutRecursion) {
  Tensor y = variable(1);
  for (int i = 0; i < 100000; ++i) y = Reverse::apply(y);
  const Tensor x = variable(1);
  Tensor z = x;
  for (int i = 0; i < 100000; ++i) z = Both::apply(z, constant({0}))[1];
  z.backward();
  EXPECT_EQ(x.grad().item(), 1);
}

}  // namespace
}  // namespace tarn::testing
