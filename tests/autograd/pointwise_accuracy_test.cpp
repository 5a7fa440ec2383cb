#include <bit>
#include <cmath>
#include <limits>
#include <ostream>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/autograd/ops.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/random.h>
#include <tarn/tensor/str.h>

// Element-wise functions over all of their domain, bit patterns of every exponent and both signs,
// against the C library's long double functions.
namespace tarn::testing {
namespace {

struct Pointwise {
  const char* name;
  Tensor (*function)(const Tensor& x);
  long double (*exact)(long double x);
  double ulps;  ///< the error allowed, in units in the last place
  friend void PrintTo(const Pointwise& f, std::ostream* out) { *out << f.name; }
};

class PointwiseAccuracy : public ::testing::TestWithParam<Pointwise> {};

INSTANTIATE_TEST_SUITE_P(
    Ops, PointwiseAccuracy,
    ::testing::Values(Pointwise{"exp", [](const Tensor& x) { return exp(x); },
                                [](long double x) { return std::exp(x); }, 8},
                      Pointwise{"log", [](const Tensor& x) { return log(x); },
                                [](long double x) { return std::log(x); }, 3},
                      Pointwise{"sqrt", [](const Tensor& x) { return sqrt(x); },
                                [](long double x) { return std::sqrt(x); }, 0.501},
                      Pointwise{"square", [](const Tensor& x) { return square(x); },
                                [](long double x) { return x * x; }, 0.501},
                      Pointwise{"abs", [](const Tensor& x) { return abs(x); },
                                [](long double x) { return std::abs(x); }, 0},
                      Pointwise{"neg", [](const Tensor& x) { return neg(x); },
                                [](long double x) { return -x; }, 0},
                      Pointwise{"relu", [](const Tensor& x) { return relu(x); },
                                [](long double x) { return x <= 0 ? 0.0L : x; }, 0},
                      Pointwise{"tanh", [](const Tensor& x) { return tanh(x); },
                                [](long double x) { return std::tanh(x); }, 5},
                      Pointwise{"sigmoid", [](const Tensor& x) { return sigmoid(x); },
                                [](long double x) {
                                  return x >= 0 ? 1 / (1 + std::exp(-x))
                                                : std::exp(x) / (1 + std::exp(x));
                                },
                                8},
                      Pointwise{"erf", [](const Tensor& x) { return erf(x); },
                                [](long double x) { return std::erf(x); }, 2},
                      Pointwise{"expm1", [](const Tensor& x) { return expm1(x); },
                                [](long double x) { return std::expm1(x); }, 2},
                      Pointwise{"log1p", [](const Tensor& x) { return log1p(x); },
                                [](long double x) { return std::log1p(x); }, 2},
                      Pointwise{"elu", [](const Tensor& x) { return elu(x); },
                                [](long double x) { return x > 0 ? x : std::expm1(x); }, 2},
                      Pointwise{"silu", [](const Tensor& x) { return silu(x); },
                                [](long double x) { return x / (1 + std::exp(-x)); }, 16},
                      Pointwise{"softplus", [](const Tensor& x) { return softplus(x, 1, 1e9); },
                                [](long double x) {
                                  return std::max(x, 0.0L) + std::log1p(std::exp(-std::abs(x)));
                                },
                                8},
                      Pointwise{"pow_2", [](const Tensor& x) { return pow(x, 2); },
                                [](long double x) { return x * x; }, 1},
                      Pointwise{"pow_half", [](const Tensor& x) { return pow(x, 0.5); },
                                [](long double x) { return std::pow(x, 0.5L); }, 1},
                      Pointwise{"pow_2_5", [](const Tensor& x) { return pow(x, 2.5); },
                                [](long double x) { return std::pow(x, 2.5L); }, 1},
                      Pointwise{"pow_minus_1", [](const Tensor& x) { return pow(x, -1); },
                                [](long double x) { return 1 / x; }, 1}),
    [](const auto& test) { return std::string(test.param.name); });

// All bit patterns in equal steps: every exponent, normal and subnormal, infinities, NaN, both
// signs.
template <class T, class Bits>
std::vector<T> everywhere() {
  constexpr Bits step = sizeof(T) == 4 ? Bits{65'521} : static_cast<Bits>(281'474'976'710'597ULL);
  std::vector<T> values;
  for (Bits bits = 0; bits < static_cast<Bits>(-step); bits += step)
    values.push_back(std::bit_cast<T>(bits));
  // where the interesting functions do something
  for (int i = -40'000; i <= 40'000; ++i) values.push_back(static_cast<T>(i) / T(400));
  for (const T x :
       {T(0), T(-0.0), std::numeric_limits<T>::infinity(), -std::numeric_limits<T>::infinity(),
        std::numeric_limits<T>::max(), std::numeric_limits<T>::denorm_min()}) {
    values.push_back(x);
  }
  return values;
}

// The distance between neighbouring T around x.
template <class T>
long double spacing(long double x) {
  const int exponent = std::max(std::ilogb(x), std::numeric_limits<T>::min_exponent - 1);
  return std::ldexp(1.0L, exponent - std::numeric_limits<T>::digits + 1);
}

template <class T>
bool is_right(T actual, long double exact, double ulps) {
  if (std::isnan(exact)) return std::isnan(actual);
  const T rounded = static_cast<T>(exact);
  if (std::isinf(rounded) || rounded == 0)
    return actual == rounded || std::abs(actual - exact) <= ulps * spacing<T>(exact);
  if (std::abs(exact) < static_cast<long double>(std::numeric_limits<T>::min())) {
    // subnormal results may become 0
    return actual == 0 || std::abs(actual - exact) <= ulps * spacing<T>(exact);
  }
  return std::abs(actual - exact) <= ulps * spacing<T>(exact);
}

template <class T, class Bits>
void expect_accurate(const Pointwise& f) {
  const std::vector<T> x = everywhere<T, Bits>();
  const std::vector<T> y =
      f.function(from_vector(x, {static_cast<std::int64_t>(x.size())})).template to_vector<T>();
  int wrong = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const long double exact = f.exact(x[i]);
    if (is_right(y[i], exact, f.ulps) || ++wrong > 5) continue;
    ADD_FAILURE() << f.name << "(" << to_text(double{x[i]}) << ") = " << to_text(double{y[i]})
                  << ", exactly " << to_text(static_cast<double>(exact)) << ", off by "
                  << static_cast<double>(std::abs(y[i] - exact) / spacing<T>(exact)) << " ulps";
  }
  EXPECT_EQ(wrong, 0) << "of " << x.size() << " arguments";
}

TEST_P(PointwiseAccuracy, Float32) { expect_accurate<float, std::uint32_t>(GetParam()); }

TEST_P(PointwiseAccuracy, Float64) { expect_accurate<double, std::uint64_t>(GetParam()); }

TEST_P(PointwiseAccuracy, DoesNotDependOnAnElementsPlace) {
  // The same number in a long row, alone, and at every place of a short row: vector and scalar code
  // must agree.
  const std::vector<float> values = {0.3F, -1.7F, 12.5F, -88.1F, 1e-39F, 3e38F};
  for (const float value : values) {
    const float alone = GetParam().function(full({}, value)).item<float>();
    for (const std::int64_t count : {2, 15, 16, 17, 33, 100}) {
      for (const float result : GetParam().function(full({count}, value)).to_vector<float>()) {
        ASSERT_EQ(std::bit_cast<std::uint32_t>(result), std::bit_cast<std::uint32_t>(alone))
            << value << " in " << count;
      }
    }
  }
}

TEST(GeluAccuracy, HoldsInBothTails) {
  const Tensor x = (arange(26'001).to(kFloat32) - 13'000) / 1000;
  const std::vector<float> at = x.to_vector<float>();
  const std::vector<float> y = gelu(x).to_vector<float>();
  const std::vector<double> z = gelu(x.to(kFloat64)).to_vector();
  for (std::size_t i = 0; i < at.size(); ++i) {
    const long double exact = at[i] * std::erfc(-at[i] / std::sqrt(2.0L)) / 2;
    ASSERT_NEAR(y[i], exact, 1e-5L * std::abs(exact)) << "gelu(" << at[i] << ")";
    ASSERT_NEAR(z[i], exact, 1e-13L * std::abs(exact)) << "gelu(" << at[i] << ")";
  }
}

TEST(PointwiseLimits, AreExact) {
  const double inf = std::numeric_limits<double>::infinity();
  for (const DType dtype : {kFloat32, kFloat64}) {
    const auto at = [&](double x) { return full({}, x, {.dtype = dtype}); };
    EXPECT_EQ(exp(at(-inf)).item(), 0);
    EXPECT_EQ(exp(at(-1e30)).item(), 0);
    EXPECT_EQ(exp(at(inf)).item(), inf);
    EXPECT_EQ(exp(at(0)).item(), 1);
    EXPECT_EQ(log(at(0)).item(), -inf);
    EXPECT_EQ(log(at(1)).item(), 0);
    EXPECT_EQ(log(at(inf)).item(), inf);
    EXPECT_EQ(sqrt(at(inf)).item(), inf);
    EXPECT_TRUE(std::signbit(sqrt(at(-0.0)).item()));
    EXPECT_EQ(tanh(at(inf)).item(), 1);
    EXPECT_EQ(tanh(at(-inf)).item(), -1);
    EXPECT_EQ(sigmoid(at(0)).item(), 0.5);
    EXPECT_EQ(sigmoid(at(-inf)).item(), 0);
    EXPECT_EQ(sigmoid(at(inf)).item(), 1);
    EXPECT_EQ(sqrt(at(2)).to(kFloat32).item<float>(), std::sqrt(2.0F));
    for (const double bad : {-1.0, -inf}) {
      EXPECT_TRUE(std::isnan(log(at(bad)).item()));
      EXPECT_TRUE(std::isnan(sqrt(at(bad)).item()));
    }
  }
}

TEST(PointwiseNaN, StaysNaNInValueAndGradient) {
  using Function = Tensor (*)(const Tensor&);
  const Function functions[] = {[](const Tensor& x) { return exp(x); },
                                [](const Tensor& x) { return log(x); },
                                [](const Tensor& x) { return sqrt(x); },
                                [](const Tensor& x) { return square(x); },
                                [](const Tensor& x) { return abs(x); },
                                [](const Tensor& x) { return tanh(x); },
                                [](const Tensor& x) { return sigmoid(x); },
                                [](const Tensor& x) { return pow(x, 3); },
                                [](const Tensor& x) { return erf(x); },
                                [](const Tensor& x) { return expm1(x); },
                                [](const Tensor& x) { return log1p(x); },
                                [](const Tensor& x) { return leaky_relu(x); },
                                [](const Tensor& x) { return elu(x); },
                                [](const Tensor& x) { return silu(x); },
                                [](const Tensor& x) { return gelu(x); },
                                [](const Tensor& x) { return softplus(x); },
                                [](const Tensor& x) { return gelu(x, Gelu::tanh); },
                                [](const Tensor& x) { return relu(x) * x; }};
  int which = 0;
  for (const Function f : functions) {
    const Tensor x = full({3}, std::nan(""), {.requires_grad = true});
    const Tensor y = f(x);
    sum(y).backward();
    for (int i = 0; i < 3; ++i) {
      EXPECT_TRUE(std::isnan(y[i].item())) << "function " << which;
      EXPECT_TRUE(std::isnan(x.grad()[i].item())) << "function " << which;
    }
    ++which;
  }
}

}  // namespace
}  // namespace tarn::testing
