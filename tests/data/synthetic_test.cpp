#include <cmath>
#include <limits>
#include <numbers>

#include <gtest/gtest.h>

#include <tarn/data/synthetic.h>
#include <tarn/tensor/error.h>

#include "thrown_text.h"

namespace tarn::data {
namespace {

const double kNaN = std::numeric_limits<double>::quiet_NaN();

double number(const Tensor& x, std::int64_t i, std::int64_t j) {
  return x.select(0, i).select(0, j).item();
}

TEST(Synthetic, MoonsLieOnHalfCircles) {
  const TensorDataset moons = make_moons({.n = 101});
  EXPECT_EQ(moons.data().sizes(), Shape({101, 2}));
  EXPECT_EQ(moons.target().sizes(), Shape({101}));
  for (std::int64_t i = 0; i < 101; ++i) {
    const double x = number(moons.data(), i, 0);
    const double y = number(moons.data(), i, 1);
    const std::int64_t c = moons.target()[i].item<std::int64_t>();
    EXPECT_EQ(c, i % 2);
    const double centre_x = c == 0 ? 0 : 1;
    const double centre_y = c == 0 ? 0 : 0.5;
    EXPECT_NEAR(std::hypot(x - centre_x, y - centre_y), 1, 1e-6);
    EXPECT_GE((c == 0 ? 1 : -1) * (y - centre_y), -1e-6);
  }
  EXPECT_NEAR(number(moons.data(), 0, 0), 1, 1e-6);     // from (1, 0)
  EXPECT_NEAR(number(moons.data(), 100, 0), -1, 1e-6);  // to (-1, 0)
}

TEST(Synthetic, NoiseHasItsStandardDeviation) {
  const auto clean = make_moons({.n = 5000}).data().to_vector<double>();
  const auto noisy = make_moons({.n = 5000, .noise = 0.2, .seed = 1}).data().to_vector<double>();
  double sum = 0;
  for (std::size_t i = 0; i < clean.size(); ++i) sum += std::pow(noisy[i] - clean[i], 2);
  EXPECT_NEAR(std::sqrt(sum / 10'000), 0.2, 0.006);  // four standard deviations
}

TEST(Synthetic, SpiralsWindAroundTheOrigin) {
  const TensorDataset spirals = make_spirals({.n = 301, .classes = 3, .turns = 1});
  for (std::int64_t i = 0; i < 301; ++i) {
    const double place = static_cast<double>(i / 3) / (i % 3 == 0 ? 100 : 99);
    const double angle = 2 * std::numbers::pi * (place + static_cast<double>(i % 3) / 3);
    EXPECT_NEAR(number(spirals.data(), i, 0), place * std::cos(angle), 1e-6);
    EXPECT_NEAR(number(spirals.data(), i, 1), place * std::sin(angle), 1e-6);
    EXPECT_EQ(spirals.target()[i].item<std::int64_t>(), i % 3);
  }
}

TEST(Synthetic, BlobsLieAroundTheirCentres) {
  const BlobsOptions options{.n = 4000, .classes = 4, .features = 3, .std = 0.5, .seed = 2};
  BlobsOptions exact = options;
  exact.std = 0;
  const TensorDataset blobs = make_blobs(options);
  const TensorDataset centres = make_blobs(exact);
  EXPECT_EQ(blobs.data().sizes(), Shape({4000, 3}));
  double sum = 0;
  for (std::int64_t i = 0; i < 4000; ++i) {
    for (std::int64_t f = 0; f < 3; ++f) {
      const double centre = number(centres.data(), i, f);
      EXPECT_EQ(centre, number(centres.data(), i % 4, f));
      EXPECT_LE(std::abs(centre), 10);
      sum += std::pow(number(blobs.data(), i, f) - centre, 2);
    }
  }
  EXPECT_NEAR(std::sqrt(sum / 12'000), 0.5, 0.013);
}

TEST(Synthetic, RegressionIsLinear) {
  const TensorDataset exact = make_regression({.n = 50, .weight = {2, -3}, .bias = 0.5});
  for (std::int64_t i = 0; i < 50; ++i) {
    const double y = 2 * number(exact.data(), i, 0) - 3 * number(exact.data(), i, 1) + 0.5;
    EXPECT_NEAR(exact.target()[i].item(), y, 1e-5);
  }
  const auto clean = make_regression({.n = 5000}).target().to_vector<double>();
  const auto noisy = make_regression({.n = 5000, .noise = 2}).target().to_vector<double>();
  double sum = 0;
  for (std::size_t i = 0; i < clean.size(); ++i) sum += std::pow(noisy[i] - clean[i], 2);
  EXPECT_NEAR(std::sqrt(sum / 5000), 2, 0.08);
}

TEST(Synthetic, LogisticHasItsProbabilities) {
  const TensorDataset points = make_logistic({.n = 20'000, .weight = {2}, .bias = -1});
  double difference = 0;
  double variance = 0;
  for (std::int64_t i = 0; i < 20'000; ++i) {
    const double p = 1 / (1 + std::exp(-(2 * number(points.data(), i, 0) - 1)));
    difference += points.target()[i].item() - p;
    variance += p * (1 - p);
  }
  EXPECT_LT(std::abs(difference), 4 * std::sqrt(variance));
  EXPECT_EQ(points.target().dtype(), kInt64);
}

TEST(Synthetic, DependsOnTheSeedAlone) {
  const auto bits = [](std::uint64_t seed) {
    return make_blobs({.n = 10, .seed = seed}).data().to_vector<float>();
  };
  EXPECT_EQ(bits(1), bits(1));
  EXPECT_NE(bits(1), bits(2));
}

TEST(Synthetic, TakesOneExampleAndMoreClassesThanExamples) {
  EXPECT_EQ(make_moons({.n = 1}).size(), 1);
  EXPECT_EQ(make_spirals({.n = 2, .classes = 5}).size(), 2);
}

TEST(Synthetic, RefusesOptionsOutOfRange) {
  EXPECT_EQ(thrown_text<ValueError>([] { make_moons({.n = 0}); }),
            "make_moons: n = 0: expected >= 1");
  thrown_text<ValueError>([] { make_moons({.noise = -1}); });
  thrown_text<ValueError>([] { make_moons({.noise = kNaN}); });
  thrown_text<ValueError>([] { make_spirals({.classes = 0}); });
  thrown_text<ValueError>([] { make_spirals({.turns = kNaN}); });
  thrown_text<ValueError>([] { make_blobs({.features = 0}); });
  thrown_text<ValueError>([] { make_blobs({.box = 0}); });
  thrown_text<ValueError>([] { make_regression({.n = -1}); });
  thrown_text<ValueError>([] { make_regression({.weight = {}}); });
  EXPECT_EQ(thrown_text<ValueError>([] {
              make_logistic({.weight = {1, kNaN}});
            }),
            "make_logistic: weight[1] = nan: expected a finite number");
  thrown_text<ValueError>([] { make_logistic({.bias = kNaN}); });
}

}  // namespace
}  // namespace tarn::data
