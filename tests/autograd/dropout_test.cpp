#include <cmath>
#include <set>

#include <gtest/gtest.h>

#include <tarn/autograd/gradcheck.h>
#include <tarn/autograd/ops.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/random.h>

#include "../tensor/closeness.h"

namespace tarn::testing {
namespace {

TEST(Dropout, ZeroesAboutPAndScalesTheRest) {
  Generator generator(1);
  const GeneratorGuard guard(generator);
  const std::int64_t n = 100'000;
  for (const double p : {0.1, 0.5, 0.9}) {
    const std::vector<double> y = dropout(ones({n}, {.dtype = kFloat64}), p).to_vector();
    std::int64_t zeros_seen = 0;
    for (const double value : y) {
      if (value == 0)
        ++zeros_seen;
      else
        ASSERT_DOUBLE_EQ(value, 1 / (1 - p));
    }
    // five standard deviations of a binomial
    EXPECT_NEAR(static_cast<double>(zeros_seen), n * p, 5 * std::sqrt(n * p * (1 - p)))
        << "p = " << p;
  }
}

TEST(Dropout, GradientUsesTheMaskOfTheForwardPass) {
  const Tensor x = full({1000}, 2.0, {.requires_grad = true});
  const Tensor y = dropout(x, 0.3);
  sum(y).backward();
  EXPECT_TRUE(is_close(x.grad() * 2.0, y.detach(), {.rtol = 1e-6}));
}

TEST(Dropout, TheSameSeedGivesTheSameMaskAndTheNextCallAnother) {
  const Tensor x = ones({100});
  Generator first(7);
  Generator second(7);
  Tensor a;
  Tensor b;
  Tensor c;
  {
    const GeneratorGuard guard(first);
    a = dropout(x, 0.5);
    b = dropout(x, 0.5);
  }
  {
    const GeneratorGuard guard(second);
    c = dropout(x, 0.5);
  }
  EXPECT_TRUE(same_bits(a, c));
  EXPECT_NE(a.to_vector(), b.to_vector());
}

TEST(Dropout, MaskDoesNotDependOnTheMemoryLayout) {
  const Tensor row_major = ones({20, 30});
  const Tensor transposed = ones({30, 20}).t();
  Generator first(7);
  Generator second(7);
  Tensor a;
  Tensor b;
  {
    const GeneratorGuard guard(first);
    a = dropout(row_major, 0.5);
  }
  {
    const GeneratorGuard guard(second);
    b = dropout(transposed, 0.5);
  }
  EXPECT_TRUE(same_bits(a, b));
}

TEST(Dropout, InEvaluationTakesNothingFromTheGenerator) {
  Generator generator(7);
  const GeneratorGuard guard(generator);
  const Tensor x = ones({10});
  EXPECT_TRUE(same_bits(dropout(x, 0.5, false), x));
  EXPECT_EQ(generator.stream(), 0U);
}

TEST(Dropout, EverythingDroppedHasZeroGradient) {
  const Tensor x = full({8}, 3.0, {.requires_grad = true});
  const Tensor y = dropout(x, 1.0);
  sum(y).backward();
  EXPECT_EQ(y.to_vector(), std::vector<double>(8, 0.0));
  EXPECT_EQ(x.grad().to_vector(), std::vector<double>(8, 0.0));
}

TEST(Dropout, AgreesWithCentralDifferencesForAFixedMask) {
  const Tensor x = full({12}, 0.7, {.dtype = kFloat64, .requires_grad = true});
  const auto function = [](const std::vector<Tensor>& in) {
    Generator generator(3);
    const GeneratorGuard guard(generator);
    return dropout(square(in[0]), 0.4);
  };
  EXPECT_TRUE(gradcheck(function, {x}));
  EXPECT_TRUE(gradgradcheck(function, {x}));
}

}  // namespace
}  // namespace tarn::testing
