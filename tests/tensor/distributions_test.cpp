#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/tensor/error.h>
#include <tarn/tensor/random.h>

#include "closeness.h"
#include "expect_error.h"

namespace tarn::testing {
namespace {

using Values = std::vector<double>;

struct Moments {
  double mean, variance, skewness, kurtosis;
};

Moments moments(const Values& x) {
  const double n = static_cast<double>(x.size());
  const double mean = std::accumulate(x.begin(), x.end(), 0.0) / n;
  double m2 = 0;
  double m3 = 0;
  double m4 = 0;
  for (const double value : x) {
    const double d = value - mean;
    m2 += d * d / n;
    m3 += d * d * d / n;
    m4 += d * d * d * d / n;
  }
  return {mean, m2, m3 / std::pow(m2, 1.5), m4 / (m2 * m2)};
}

constexpr std::int64_t kDraws = 200'000;
const double kFiveSigma = 5 / std::sqrt(static_cast<double>(kDraws));

TEST(Rand, HasTheMomentsOfTheUniformDistribution) {
  for (const DType dtype : {kFloat32, kFloat64}) {
    Generator generator(11);
    const Values x = rand({kDraws}, generator, {.dtype = dtype}).to_vector();
    const Moments m = moments(x);
    EXPECT_NEAR(m.mean, 0.5, kFiveSigma * std::sqrt(1.0 / 12));
    EXPECT_NEAR(m.variance, 1.0 / 12, kFiveSigma * std::sqrt(1.0 / 180));
    EXPECT_NEAR(m.kurtosis, 1.8, 0.05);
    EXPECT_GE(*std::min_element(x.begin(), x.end()), 0);
    EXPECT_LT(*std::max_element(x.begin(), x.end()), 1);
  }
}

TEST(Rand, FillsAThousandBinsEvenly) {
  Generator generator(12);
  std::vector<double> bins(1000);
  for (const double value : rand({kDraws}, generator).to_vector())
    ++bins[static_cast<std::size_t>(value * 1000)];
  double chi_square = 0;
  for (const double count : bins) chi_square += (count - 200) * (count - 200) / 200;
  EXPECT_LT(chi_square, 999 + 4 * std::sqrt(2 * 999.0));
  EXPECT_GT(chi_square, 999 - 4 * std::sqrt(2 * 999.0));
}

TEST(Randn, HasTheMomentsOfTheNormalDistribution) {
  for (const DType dtype : {kFloat32, kFloat64}) {
    Generator generator(13);
    const Values x = randn({kDraws}, generator, {.dtype = dtype}).to_vector();
    const Moments m = moments(x);
    EXPECT_NEAR(m.mean, 0, kFiveSigma);
    EXPECT_NEAR(m.variance, 1, kFiveSigma * std::sqrt(2.0));
    EXPECT_NEAR(m.skewness, 0, kFiveSigma * std::sqrt(6.0));
    EXPECT_NEAR(m.kurtosis, 3, kFiveSigma * std::sqrt(24.0));
    for (const double value : x) ASSERT_TRUE(std::isfinite(value));
  }
}

TEST(Randn, FollowsTheNormalDistributionFunction) {
  // Kolmogorov and Smirnov: the largest distance between the two distribution functions.
  Generator generator(14);
  Values x = randn({kDraws}, generator).to_vector();
  std::sort(x.begin(), x.end());
  double distance = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double expected = 0.5 * std::erfc(-x[i] / std::sqrt(2.0));
    distance = std::max(distance, std::abs(expected - (static_cast<double>(i) + 0.5) / kDraws));
  }
  EXPECT_LT(distance * std::sqrt(static_cast<double>(kDraws)), 1.95)
      << "exceeded by chance once in a thousand";
}

TEST(Randn, NeighboursAndStreamsAreUncorrelated) {
  Generator generator(15);
  const Values a = randn({kDraws}, generator).to_vector();
  const Values b = randn({kDraws}, generator).to_vector();
  double neighbours = 0;
  double streams = 0;
  for (std::size_t i = 0; i + 1 < a.size(); ++i) {
    neighbours += a[i] * a[i + 1] / kDraws;
    streams += a[i] * b[i] / kDraws;
  }
  EXPECT_NEAR(neighbours, 0, kFiveSigma);
  EXPECT_NEAR(streams, 0, kFiveSigma);
}

TEST(Randint, CoversItsRangeEvenly) {
  Generator generator(16);
  std::map<std::int64_t, int> counts;
  for (const std::int64_t value : randint(-3, 4, {70'000}, generator).to_vector<std::int64_t>())
    ++counts[value];
  EXPECT_EQ(counts.size(), 7U);
  EXPECT_EQ(counts.begin()->first, -3);
  EXPECT_EQ(counts.rbegin()->first, 3);
  for (const auto& [value, count] : counts)
    EXPECT_NEAR(count, 10'000, 5 * std::sqrt(10'000.0)) << value;
}

TEST(Randint, StartsAt0UnlessToldOtherwise) {
  Generator one(3);
  Generator other(3);
  const Tensor expected = randint(0, 7, {50}, one);
  const GeneratorGuard guard(other);
  EXPECT_EQ(randint(7, {50}).to_vector(), expected.to_vector());
}

TEST(RandLike, HasTheShapeAndDtypeOfItsModel) {
  const Tensor model = zeros({2, 3}, {.dtype = kFloat64});
  for (const Tensor& x : {rand_like(model), randn_like(model)}) {
    EXPECT_EQ(x.sizes(), model.sizes());
    EXPECT_EQ(x.dtype(), kFloat64);
    EXPECT_NE(x.to_vector(), model.to_vector());
  }
}

TEST(Randint, OfExtremeRanges) {
  Generator generator(17);
  EXPECT_EQ(randint(5, 6, {3}, generator).to_vector(), (Values{5, 5, 5}));
  const auto least = std::numeric_limits<std::int64_t>::min();
  const auto most = std::numeric_limits<std::int64_t>::max();
  std::set<bool> signs;
  for (const std::int64_t value : randint(least, most, {64}, generator).to_vector<std::int64_t>())
    signs.insert(value < 0);
  EXPECT_EQ(signs.size(), 2U);
  EXPECT_EQ(randint(0, 2, {8}, generator, {.dtype = kUInt8}).dtype(), kUInt8);
  EXPECT_TRUE(fails_with<ValueError>([&] { randint(3, 3, {2}, generator); }, "randint: ", {"3"}));
  EXPECT_TRUE(
      fails_with<ValueError>([&] { randint(4, 3, {2}, generator); }, "randint: ", {"4", "3"}));
  EXPECT_TRUE(fails_with<ValueError>([&] { randint(0, 1000, {2}, generator, {.dtype = kUInt8}); },
                                     "randint: ", {"999", "uint8"}));
  EXPECT_TRUE(fails_with<ValueError>([&] { randint(-1, 5, {2}, generator, {.dtype = kUInt8}); },
                                     "randint: ", {"-1", "uint8"}));
}

TEST(Randperm, IsAPermutation) {
  Generator generator(18);
  for (const std::int64_t n : {0, 1, 2, 10, 1000}) {
    Values order = randperm(n, generator).to_vector();
    EXPECT_EQ(order.size(), static_cast<std::size_t>(n));
    std::sort(order.begin(), order.end());
    for (std::size_t i = 0; i < order.size(); ++i) ASSERT_EQ(order[i], static_cast<double>(i));
  }
  EXPECT_TRUE(fails_with<ValueError>([&] { randperm(-1, generator); }, "randperm: ", {"-1"}));
}

TEST(Randperm, OfFourIsUniformOverTheTwentyFour) {
  Generator generator(19);
  std::map<Values, double> counts;
  constexpr int draws = 48'000;
  for (int i = 0; i < draws; ++i) ++counts[randperm(4, generator).to_vector()];
  ASSERT_EQ(counts.size(), 24U);
  double chi_square = 0;
  for (const auto& [order, count] : counts)
    chi_square += (count - draws / 24.0) * (count - draws / 24.0) / (draws / 24.0);
  EXPECT_LT(chi_square, 49.7) << "23 degrees of freedom: exceeded by chance once in a thousand";
  EXPECT_GT(chi_square, 7.5) << "too even";
}

TEST(Uniform, StaysInsideItsHalfOpenRange) {
  Generator generator(20);
  const GeneratorGuard guard(generator);
  const Tensor x = empty({kDraws});
  EXPECT_TRUE(uniform_(x, -2, 3).is_same(x));
  const Moments m = moments(x.to_vector());
  EXPECT_NEAR(m.mean, 0.5, kFiveSigma * 5 * std::sqrt(1.0 / 12));
  // Between a million and the next number, sixteen float32 lie: half of the draws of the last
  // sixteenth round up.
  uniform_(x, 1e6, 1e6 + 1);
  for (const double value : x.to_vector()) {
    ASSERT_GE(value, 1e6);
    ASSERT_LT(value, 1e6 + 1);
  }
  uniform_(x, 2, 2);
  EXPECT_EQ(x[0].item(), 2);
}

TEST(Uniform, RefusesWhatIsNoRange) {
  const Tensor x = zeros({3});
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(fails_with<ValueError>([&] { uniform_(x, 1, 0); }, "uniform_: ", {"1", "0"}));
  EXPECT_TRUE(fails_with<ValueError>([&] { uniform_(x, std::nan(""), 0); }, "uniform_: ", {"nan"}));
  EXPECT_TRUE(fails_with<ValueError>([&] { uniform_(x, 0, inf); }, "uniform_: ", {"inf"}));
  EXPECT_TRUE(fails_with<ValueError>([&] { uniform_(x, -3e38, 3e38); }, "uniform_: ", {"float32"}));
  EXPECT_TRUE(fails_with<DTypeError>([] { uniform_(zeros({3}, {.dtype = kInt64}), 0, 1); },
                                     "uniform_: ", {"int64"}));
  EXPECT_EQ(x.to_vector(), (Values{0, 0, 0}));
}

TEST(Normal, HasItsMeanAndDeviation) {
  Generator generator(21);
  const GeneratorGuard guard(generator);
  const Tensor x = empty({kDraws}, {.dtype = kFloat64});
  EXPECT_TRUE(normal_(x, 10, 3).is_same(x));
  const Moments m = moments(x.to_vector());
  EXPECT_NEAR(m.mean, 10, 3 * kFiveSigma);
  EXPECT_NEAR(std::sqrt(m.variance), 3, 3 * kFiveSigma);
  normal_(x, 4, 0);
  EXPECT_EQ(x[5].item(), 4);
  EXPECT_TRUE(fails_with<ValueError>([&] { normal_(x, 0, -1); }, "normal_: ", {"-1"}));
  EXPECT_TRUE(fails_with<ValueError>([&] { normal_(x, 0, std::nan("")); }, "normal_: ", {"nan"}));
}

TEST(InPlaceRandom, FillsByRowMajorIndexWhateverTheLayoutAndCountsAsAWrite) {
  const auto draw = [](const Tensor& x) {
    Generator generator(22);
    const GeneratorGuard guard(generator);
    normal_(x, 0, 1);
    return x;
  };
  const Tensor row_major = draw(empty({5, 7}));
  const Tensor transposed = draw(empty({7, 5}).t());
  const Tensor stepped = draw(zeros({10, 14}).slice(0, 0, 10, 2).slice(1, 0, 14, 2));
  EXPECT_TRUE(same_bits(transposed, row_major));
  EXPECT_TRUE(same_bits(stepped, row_major));
  EXPECT_EQ(row_major.version(), 1U);
}

}  // namespace
}  // namespace tarn::testing
