#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/autograd/ops.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/parallel.h>
#include <tarn/tensor/random.h>

#include "closeness.h"

namespace tarn::testing {
namespace {

// A matrix with random elements, laid out as told.
enum class Layout {
  row_major,
  column_major,
  row_major_with_gaps,
  column_major_with_gaps,
  scattered
};
constexpr Layout kLayouts[] = {Layout::row_major, Layout::column_major, Layout::row_major_with_gaps,
                               Layout::column_major_with_gaps, Layout::scattered};

Tensor matrix(std::int64_t rows, std::int64_t columns, Layout layout, DType dtype,
              Generator& generator) {
  const Tensor values = randn({rows, columns}, generator, {.dtype = dtype});
  Shape strides;
  switch (layout) {
    case Layout::row_major:
      strides = {columns, 1};
      break;
    case Layout::column_major:
      strides = {1, rows};
      break;
    case Layout::row_major_with_gaps:
      strides = {columns + 3, 1};
      break;
    case Layout::column_major_with_gaps:
      strides = {1, rows + 5};
      break;
    case Layout::scattered:
      strides = {2 * columns + 1, 2};
      break;
  }
  const Tensor x = empty_strided({rows, columns}, strides, {.dtype = dtype});
  x.fill_(std::nan(""));  // gaps hold no numbers
  x.copy_(values);
  return x;
}

// c = a b, and for each element the sum of |a_ik b_kj|, both in double and one term after the
// other.
struct Reference {
  std::vector<double> c;
  std::vector<double> size;
};

Reference naive_product(const Tensor& a, const Tensor& b) {
  const std::vector<double> x = a.to_vector();
  const std::vector<double> y = b.to_vector();
  const auto m = static_cast<std::size_t>(a.size(0));
  const auto depth = static_cast<std::size_t>(a.size(1));
  const auto n = static_cast<std::size_t>(b.size(1));
  Reference r{std::vector<double>(m * n), std::vector<double>(m * n)};
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t k = 0; k < depth; ++k) {
      for (std::size_t j = 0; j < n; ++j) {
        const double term = x[i * depth + k] * y[k * n + j];
        r.c[i * n + j] += term;
        r.size[i * n + j] += std::abs(term);
      }
    }
  }
  return r;
}

// A sum of K products is off by at most K rounding errors of the sum of the absolute terms (Higham
// 2002, section 3.1).
void expect_product(const Tensor& c, const Tensor& a, const Tensor& b, double epsilon) {
  const Reference r = naive_product(a, b);
  const std::vector<double> actual = c.to_vector();
  const double bound = static_cast<double>(a.size(1) + 1) * epsilon;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    ASSERT_LE(std::abs(actual[i] - r.c[i]), bound * r.size[i] + 1e-300)
        << "element " << i << " of " << to_string(a.sizes()) << " x " << to_string(b.sizes())
        << ": " << actual[i] << ", not " << r.c[i];
  }
}

TEST(Gemm, AgreesWithTheNaiveProductForOddSizesAndAllLayouts) {
  Generator generator(1);
  const std::vector<std::int64_t> sizes =
      randint(1, 71, {3 * 150}, generator).to_vector<std::int64_t>();
  for (std::size_t trial = 0; trial < 150; ++trial) {
    const std::int64_t m = sizes[3 * trial];
    const std::int64_t k = sizes[3 * trial + 1];
    const std::int64_t n = sizes[3 * trial + 2];
    const Layout left = kLayouts[trial % 5];
    const Layout right = kLayouts[trial / 5 % 5];
    const Tensor a = matrix(m, k, left, kFloat32, generator);
    const Tensor b = matrix(k, n, right, kFloat32, generator);
    expect_product(matmul(a, b), a, b, 0x1p-24);
    const Tensor c = matrix(m, k, left, kFloat64, generator);
    const Tensor d = matrix(k, n, right, kFloat64, generator);
    expect_product(matmul(c, d), c, d, 0x1p-52);
    if (HasFatalFailure()) return;
  }
}

TEST(Gemm, AgreesForEverySizeAroundTheTiles) {
  // Each dimension in turn through all sizes, the others odd.
  Generator generator(2);
  for (std::int64_t size = 1; size <= 70; ++size) {
    for (const Shape& s : {Shape({size, 13, 19}), Shape({11, size, 37}), Shape({9, 7, size})}) {
      for (const Layout layout : {Layout::row_major, Layout::column_major}) {
        const Tensor a = matrix(s[0], s[1], layout, kFloat32, generator);
        const Tensor b = matrix(s[1], s[2], layout, kFloat32, generator);
        expect_product(matmul(a, b), a, b, 0x1p-24);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(Gemm, AgreesForLargeAndLopsidedSizes) {
  Generator generator(3);
  for (const Shape& s :
       {Shape({1, 784, 128}), Shape({64, 784, 128}), Shape({128, 64, 784}), Shape({300, 1, 300}),
        Shape({1, 5000, 1}), Shape({257, 513, 129}), Shape({700, 33, 5}), Shape({3, 1000, 260})}) {
    for (const Layout left : {Layout::row_major, Layout::column_major}) {
      for (const Layout right : {Layout::row_major, Layout::column_major}) {
        const Tensor a = matrix(s[0], s[1], left, kFloat32, generator);
        const Tensor b = matrix(s[1], s[2], right, kFloat32, generator);
        expect_product(matmul(a, b), a, b, 0x1p-24);
        if (HasFatalFailure()) return;
      }
    }
  }
}

#ifdef __FMA__
TEST(Gemm, EveryElementIsOneChainOfFusedMultiplyAdds) {
  Generator generator(4);
  for (const Shape& s :
       {Shape({5, 70, 23}), Shape({1, 33, 17}), Shape({40, 256, 50}), Shape({33, 9, 1})}) {
    for (const Layout layout : kLayouts) {
      const Tensor a = matrix(s[0], s[1], layout, kFloat32, generator);
      const Tensor b = matrix(s[1], s[2], layout, kFloat32, generator);
      const std::vector<float> x = a.to_vector<float>();
      const std::vector<float> y = b.to_vector<float>();
      const std::vector<float> c = matmul(a, b).to_vector<float>();
      for (std::int64_t i = 0; i < s[0]; ++i) {
        for (std::int64_t j = 0; j < s[2]; ++j) {
          float chain = 0;
          for (std::int64_t k = 0; k < s[1]; ++k) {
            chain = std::fma(x[static_cast<std::size_t>(i * s[1] + k)],
                             y[static_cast<std::size_t>(k * s[2] + j)], chain);
          }
          ASSERT_EQ(c[static_cast<std::size_t>(i * s[2] + j)], chain)
              << to_string(s) << " at " << i << ", " << j;
        }
      }
    }
  }
}
#endif

TEST(Gemm, ARowOfTheResultDoesNotDependOnTheOtherRows) {
  // A batch must not change what an example gives.
  Generator generator(5);
  for (const auto& [k, columns] : {std::pair{70, 35}, {784, 35}, {70, 64}, {784, 128}}) {
    const Tensor a = randn({167, k}, generator);
    const Tensor b = randn({k, columns}, generator);
    const Tensor by_columns = b.t().contiguous().t();
    const Tensor all = matmul(a, b);
    for (const std::int64_t first : {0, 3, 40}) {
      for (const std::int64_t rows : {1, 2, 20, 127}) {
        const Tensor some = a.narrow(0, first, rows);
        const Tensor expected = all.narrow(0, first, rows);
        const std::string what =
            str("rows ", first, " to ", first + rows, " of ", a.sizes(), " x ", b.sizes());
        EXPECT_TRUE(same_bits(matmul(some, b), expected)) << what;
        EXPECT_TRUE(same_bits(matmul(some, by_columns), expected)) << what << " by columns";
      }
    }
  }
}

TEST(Gemm, PropagatesNaNAndInfinityAsArithmeticDoes) {
  const double inf = std::numeric_limits<double>::infinity();
  const Tensor a = from_vector<double>({0, 1, 2, inf}, {2, 2});
  const Tensor b = from_vector<double>({inf, 1, 1, 0}, {2, 2});
  const std::vector<double> c = matmul(a, b).to_vector();
  EXPECT_TRUE(std::isnan(c[0]));  // 0 inf + 1
  EXPECT_EQ(c[1], 0);
  EXPECT_EQ(c[2], inf);
  EXPECT_TRUE(std::isnan(c[3]));  // 2 + inf 0
}

TEST(Linear, AddsTheBiasToEveryRow) {
  Generator generator(6);
  for (const std::int64_t n : {1, 5, 16, 49, 70}) {
    const Tensor x = randn({13, 21}, generator, {.dtype = kFloat64});
    const Tensor weight = randn({n, 21}, generator, {.dtype = kFloat64});
    const Tensor bias = randn({n}, generator, {.dtype = kFloat64});
    const Tensor expected = matmul(x, weight.t()) + bias;
    EXPECT_TRUE(is_close(linear(x, weight, bias), expected, {.rtol = 1e-13, .atol = 1e-13}));
    const Tensor fast = empty_strided({n, 21}, {1, n}, {.dtype = kFloat64});
    fast.copy_(weight);
    EXPECT_TRUE(same_bits(linear(x, fast, bias), linear(x, weight, bias)))
        << "the weight's layout does not matter";
  }
}

}  // namespace
}  // namespace tarn::testing
