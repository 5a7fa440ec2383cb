#include <gtest/gtest.h>

#include <tarn/autograd/gradcheck.h>
#include <tarn/autograd/ops.h>
#include <tarn/autograd/record.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"
#include "operands.h"

namespace tarn::testing {
namespace {

using Inputs = std::vector<Tensor>;

const Op kWrong{"test_wrong"};
const Op kWrongAtOne{"test_wrong_at_one"};
const Op kWrongSecond{"test_wrong_second"};

// x^2 whose gradient claims to be `factor` * x.
Tensor square_with_gradient(const Tensor& x, double factor) {
  return record(kWrong, Where::current(), square(x.detach()),
                wrt(x, [x = saved(x), factor](const Tensor& g) { return g * x.get() * factor; }));
}

TEST(Gradcheck, AcceptsARightGradient) {
  EXPECT_TRUE(gradcheck([](const Inputs& in) { return square_with_gradient(in[0], 2); },
                        {variable({1, -2, 3})}));
}

TEST(Gradcheck, RefusesAWrongGradientNamingElementAndValues) {
  EXPECT_TRUE(fails_with<AutogradError>(
      [] {
        gradcheck([](const Inputs& in) { return square_with_gradient(in[0], 3); },
                  {variable({1, -2, 3})});
      },
      "gradcheck: ", {"output[0]", "inputs[0][0]", "3"}));
}

TEST(Gradcheck, RefusesAGradientThatIsSlightlyWrong) {
  EXPECT_THROW(gradcheck([](const Inputs& in) { return square_with_gradient(in[0], 2.01); },
                         {variable({1, -2, 3})}),
               AutogradError);
}

TEST(Gradcheck, FindsTheOneElementThatIsWrong) {
  const auto function = [](const Inputs& in) {
    const Tensor& x = in[0];
    return record(kWrongAtOne, Where::current(), square(x.detach()),
                  wrt(x, [x = saved(x)](const Tensor& g) {
                    const Tensor slope = g * x.get() * 2;
                    const Tensor changed = slope.detach().clone();
                    changed[2].add_(0.5);
                    return changed;
                  }));
  };
  EXPECT_TRUE(fails_with<AutogradError>(
      [&] {
        gradcheck(function, {variable({1, -2, 3, 4})});
      },
      "gradcheck: ", {"inputs[0][2]"}));
}

TEST(Gradcheck, FindsAWrongGradientOfTheSecondInput) {
  const auto function = [](const Inputs& in) { return in[0] * square_with_gradient(in[1], 3); };
  EXPECT_TRUE(fails_with<AutogradError>(
      [&] {
        gradcheck(function, {variable({1, 2}), variable({3, 4})});
      },
      "gradcheck: ", {"inputs[1][0]"}));
}

TEST(Gradcheck, FindsAGradientThatIsMissing) {
  // A value that depends on x and a graph that does not know.
  EXPECT_THROW(gradcheck([](const Inputs& in) { return in[0].detach() * 2; }, {variable({1, 2})}),
               AutogradError);
  EXPECT_THROW(gradcheck([](const Inputs& in) { return in[0] + in[1].detach() * in[0].detach(); },
                         {variable({1, 2}), variable({3, 4})}),
               AutogradError);
}

TEST(Gradcheck, AcceptsAFunctionThatIsConstant) {
  EXPECT_TRUE(
      gradcheck([](const Inputs&) { return ones({2}, {.dtype = kFloat64}); }, {variable({1, 2})}));
}

TEST(Gradcheck, RefusesFloat32) {
  const Tensor x = tensor({1.0F, 2.0F}, {.requires_grad = true});
  const auto function = [](const Inputs& in) { return square(in[0]); };
  EXPECT_TRUE(fails_with<DTypeError>([&] { gradcheck(function, {x}); },
                                     "gradcheck: ", {"float32", "float64"}));
  EXPECT_TRUE(fails_with<DTypeError>([&] { gradgradcheck(function, {x}); },
                                     "gradgradcheck: ", {"float32", "float64"}));
}

TEST(Gradcheck, RefusesInputsThatNeedNoGradient) {
  const auto function = [](const Inputs& in) { return square(in[0]); };
  EXPECT_TRUE(fails_with<ValueError>([&] { gradcheck(function, {ones({2}, {.dtype = kFloat64})}); },
                                     "gradcheck: "));
  EXPECT_TRUE(fails_with<ValueError>([&] { gradcheck(function, {}); }, "gradcheck: "));
}

TEST(Gradcheck, LeavesTheInputsAlone) {
  const Tensor x = variable({1, -2, 3});
  const Tensor before = x.detach().clone();
  EXPECT_TRUE(gradcheck([](const Inputs& in) { return exp(in[0]); }, {x}));
  EXPECT_TRUE(gradgradcheck([](const Inputs& in) { return exp(in[0]); }, {x}));
  EXPECT_TRUE(same_bits(x.detach(), before));
  EXPECT_EQ(x.version(), 0U);
  EXPECT_FALSE(x.grad().defined());
}

TEST(Gradcheck, TakesIntegerInputsThatAreNotDifferentiated) {
  const Tensor index = tensor({2, 0});
  EXPECT_TRUE(gradcheck([](const Inputs& in) { return index_select(in[0], 0, in[1]); },
                        {variable({1, 2, 3}), index}));
}

TEST(Gradcheck, ComplainsNearAKink) {
  EXPECT_THROW(gradcheck([](const Inputs& in) { return relu(in[0]); }, {variable({1e-8})}),
               AutogradError);
}

TEST(Gradcheck, TakesInputsOfAnyLayout) {
  const Tensor x = from_vector<double>({1, 2, 3, 4, 5, 6}, {2, 3}).t();
  x.requires_grad_();
  EXPECT_TRUE(gradcheck([](const Inputs& in) { return square(in[0]); }, {x}));
}

TEST(Gradgradcheck, RefusesAWrongSecondDerivative) {
  // The gradient is right, but cut off from x: its own derivative is missing.
  const auto function = [](const Inputs& in) {
    const Tensor& x = in[0];
    return record(kWrongSecond, Where::current(), square(x.detach()),
                  wrt(x, [x = saved(x)](const Tensor& g) { return g * x.get().detach() * 2; }));
  };
  EXPECT_TRUE(gradcheck(function, {variable({1, -2, 3})}));
  EXPECT_TRUE(fails_with<AutogradError>(
      [&] {
        gradgradcheck(function, {variable({1, -2, 3})});
      },
      "gradgradcheck: "));
}

TEST(Gradgradcheck, AcceptsARightOne) {
  EXPECT_TRUE(gradgradcheck([](const Inputs& in) { return tanh(in[0]) * exp(in[1]); },
                            {variable({0.1, -2}), variable({3, 0.4})}));
}

TEST(Gradgradcheck, AcceptsLinearFunctions) {
  EXPECT_TRUE(gradgradcheck([](const Inputs& in) { return in[0] * 3 - in[1]; },
                            {variable({0.1, -2}), variable({3, 0.4})}));
}

}  // namespace
}  // namespace tarn::testing
