#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <sstream>

#include <gtest/gtest.h>

#include <tarn/data/dataloader.h>
#include <tarn/data/map_dataset.h>
#include <tarn/data/tensor_dataset.h>
#include <tarn/data/transforms.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/parallel.h>
#include <tarn/tensor/random.h>

#include "thrown_text.h"

namespace tarn::data {
namespace {

const double kNaN = std::numeric_limits<double>::quiet_NaN();
const double kInf = std::numeric_limits<double>::infinity();

Range fixed(double value) { return {value, value}; }

// ---- affine maps ----

TEST(RandomAffine, InterpolatesAsPyTorchDoes) {
  std::ifstream file(TARN_SOURCE_DIR "/tests/fixtures/affine.txt");
  int cases = 0;
  for (std::string line; std::getline(file, line); ++cases) {
    SCOPED_TRACE(line.substr(0, 40));
    std::istringstream words(line);
    double degrees, shift, scale, shear;
    std::int64_t height, width;
    words >> degrees >> shift >> scale >> shear >> height >> width;
    const std::vector<double> numbers(std::istream_iterator<double>(words), {});
    const auto pixels = static_cast<std::size_t>(height * width);
    ASSERT_EQ(numbers.size(), 2 * pixels);
    const Tensor image = from_vector(
        std::vector<double>(numbers.begin(), numbers.begin() + height * width), {height, width});
    const RandomAffine affine({.degrees = fixed(degrees),
                               .translate = fixed(shift),
                               .scale = fixed(scale),
                               .shear = fixed(shear)});
    for (const DType dtype : {kFloat32, kFloat64}) {
      const auto result = affine(image.to(dtype)).to_vector<double>();
      // Places are computed in float32.
      for (std::size_t i = 0; i < pixels; ++i) ASSERT_NEAR(result[i], numbers[pixels + i], 4e-6);
    }
  }
  EXPECT_EQ(cases, 20);
}

TEST(RandomAffine, TurnsClockwise) {
  const Tensor corner = tensor({{1.0, 0.0}, {0.0, 0.0}});
  const auto turned = RandomRotation(fixed(90))(corner).to_vector<double>();
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(turned[i], i == 1 ? 1 : 0, 1e-6);
}

TEST(RandomAffine, FillsWhatLiesOutside) {
  const RandomAffine away({.translate = fixed(2), .fill = -0.5});
  EXPECT_EQ(away(ones({2, 3})).to_vector<double>(), std::vector<double>(6, -0.5));
  // Half a pixel out, half of the fill comes in.
  const RandomAffine half({.translate = fixed(0.5), .fill = 3});
  EXPECT_EQ(half(ones({1, 1})).to_vector<double>(), std::vector<double>{2.5});
}

TEST(RandomAffine, DrawsUniformlyFromItsRanges) {
  Generator generator(3);
  const GeneratorGuard guard(generator);
  // Where row 0 of a ramp comes from says how far it was moved.
  const Tensor ramp = arange(400, {.dtype = kFloat32}).reshape({1, 400});
  const RandomAffine affine({.translate = {0.05, 0.15}});
  double sum = 0;
  double least = kInf;
  double most = -kInf;
  constexpr int kRounds = 2000;
  for (int i = 0; i < kRounds; ++i) {
    // One row: the shift downwards mixes in the fill. The middle tells the ratio of two pixels.
    const auto row = affine(ramp).to_vector<double>();
    const double weight = row[300] - row[299];
    const double shift = 300 - row[300] / weight;
    sum += shift;
    least = std::min(least, shift);
    most = std::max(most, shift);
  }
  EXPECT_GE(least, 20 - 0.1);
  EXPECT_LE(most, 60 + 0.1);
  EXPECT_LT(least, 20.2);
  EXPECT_GT(most, 59.8);
  EXPECT_NEAR(sum / kRounds, 40, 1);  // four standard deviations of the mean
}

TEST(RandomAffine, RefusesRangesThatAreNone) {
  EXPECT_EQ(thrown_text<ValueError>([] {
              RandomAffine({.degrees = {5, -5}});
            }),
            "RandomAffine: degrees = 5..-5: expected a range within -1e+06..1e+06");
  thrown_text<ValueError>([] { RandomAffine({.degrees = kNaN}); });
  thrown_text<ValueError>([] { RandomAffine({.translate = kInf}); });
  thrown_text<ValueError>([] { RandomAffine({.scale = {0, 1}}); });
  thrown_text<ValueError>([] { RandomAffine({.scale = {-1, 1}}); });
  thrown_text<ValueError>([] { RandomAffine({.shear = 90}); });
  thrown_text<ValueError>([] { RandomAffine({.fill = kNaN}); });
}

// ---- elastic deformations ----

// The displacements of one direction, by the definition: a sum over all pixels, in float64.
std::vector<double> displacements(const std::vector<float>& noise, int height, int width,
                                  double alpha, double sigma) {
  const int radius = static_cast<int>(4 * sigma + 0.5);
  double total = 0;
  for (int i = -radius; i <= radius; ++i) total += std::exp(-i * i / (2 * sigma * sigma));
  std::vector<double> result;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      double sum = 0;
      for (int v = std::max(0, y - radius); v <= std::min(height - 1, y + radius); ++v) {
        for (int u = std::max(0, x - radius); u <= std::min(width - 1, x + radius); ++u) {
          const int square = (v - y) * (v - y) + (u - x) * (u - x);
          sum += std::exp(-square / (2 * sigma * sigma)) *
                 noise[static_cast<std::size_t>(v * width + u)];
        }
      }
      result.push_back(alpha * sum / (total * total));
    }
  }
  return result;
}

TEST(ElasticTransform, DisplacesBySmoothedNoise) {
  constexpr int kHeight = 12;
  constexpr int kWidth = 19;
  constexpr double kAlpha = 3;
  constexpr double kSigma = 1.5;
  std::vector<float> noise(kHeight * kWidth);
  Generator same(8, 5);
  Draws draws(same);
  draws.fill_symmetric(noise);
  const auto down = displacements(noise, kHeight, kWidth, kAlpha, kSigma);
  draws.fill_symmetric(noise);
  const auto right = displacements(noise, kHeight, kWidth, kAlpha, kSigma);

  // An image whose pixels are their own places shows where they came from.
  const Tensor x = arange(kWidth, {.dtype = kFloat32}).expand({kHeight, kWidth});
  const Tensor y = arange(kHeight, {.dtype = kFloat32}).unsqueeze(1).expand({kHeight, kWidth});
  const ElasticTransform elastic({.alpha = kAlpha, .sigma = kSigma});
  Generator generator(8, 5);
  const GeneratorGuard guard(generator);
  const auto from_x = elastic(x).to_vector<double>();
  generator.set_state(8, 5);
  const auto from_y = elastic(y).to_vector<double>();
  int inside = 0;
  for (int i = 0; i < kHeight * kWidth; ++i) {
    const auto p = static_cast<std::size_t>(i);
    const double place_x = i % kWidth + right[p];
    const double place_y = i / kWidth + down[p];
    if (place_x < 0 || place_x > kWidth - 1 || place_y < 0 || place_y > kHeight - 1) continue;
    ++inside;
    ASSERT_NEAR(from_x[p], place_x, 1e-5);
    ASSERT_NEAR(from_y[p], place_y, 1e-5);
  }
  EXPECT_GT(inside, 150);
}

TEST(ElasticTransform, WithoutStrengthCopies) {
  const Tensor x = rand({2, 5, 6});
  EXPECT_EQ(ElasticTransform({.alpha = 0})(x).to_vector<float>(), x.to_vector<float>());
}

TEST(ElasticTransform, TakesSmoothingsWiderThanTheImage) {
  EXPECT_EQ(ElasticTransform({.sigma = 1000})(ones({3, 3})).sizes(), Shape({3, 3}));
  EXPECT_EQ(ElasticTransform({.sigma = 0.01})(ones({1, 1})).sizes(), Shape({1, 1}));
}

TEST(ElasticTransform, RefusesOptionsOutOfRange) {
  EXPECT_EQ(thrown_text<ValueError>([] { ElasticTransform({.sigma = 0}); }),
            "ElasticTransform: sigma = 0: expected 0.01..1000");
  thrown_text<ValueError>([] { ElasticTransform({.alpha = -1}); });
  thrown_text<ValueError>([] { ElasticTransform({.alpha = kNaN}); });
  thrown_text<ValueError>([] { ElasticTransform({.sigma = kNaN}); });
}

// ---- all warps ----

TEST(Warp, MovesAllChannelsAlike) {
  const Tensor image = rand({9, 9});
  const Tensor both = from_vector(std::vector<float>(162), {2, 9, 9});
  both.select(0, 0).copy_(image);
  both.select(0, 1).copy_(image);
  Generator generator(2);
  const GeneratorGuard guard(generator);
  const Tensor bent = ElasticTransform()(both);
  EXPECT_EQ(bent.select(0, 0).to_vector<float>(), bent.select(0, 1).to_vector<float>());
  EXPECT_NE(bent.select(0, 0).to_vector<float>(), image.to_vector<float>());
}

TEST(Warp, KeepsTheElementTypeAndRoundsIntegers) {
  const RandomAffine half({.translate = fixed(0.25)});  // half a pixel of two
  for (const DType dtype : {kUInt8, kInt32, kInt64, kFloat32, kFloat64}) {
    const Tensor moved = half(full({2, 2}, 255, {.dtype = dtype}));
    EXPECT_EQ(moved.dtype(), dtype);
    const double corner = is_floating_point(dtype) ? 63.75 : 64;
    EXPECT_EQ(moved.to_vector<double>()[0], corner);
    EXPECT_EQ(moved.to_vector<double>()[3], 255);
  }
  thrown_text<DTypeError>([&] { half(zeros({2, 2}, {.dtype = kBool})); });
  EXPECT_EQ(thrown_text<ValueError>([] {
              RandomAffine({.fill = -0.5})(zeros({2, 2}, {.dtype = kUInt8}));
            }),
            "RandomAffine: fill = -0.5 is no uint8");
}

TEST(Warp, TakesViewsAndEmptyImages) {
  const Tensor x = rand({6, 4});
  const RandomAffine affine({.degrees = fixed(30)});
  EXPECT_EQ(affine(x.t()).to_vector<float>(), affine(x.t().contiguous()).to_vector<float>());
  EXPECT_EQ(affine(zeros({1, 0, 4})).sizes(), Shape({1, 0, 4}));
  EXPECT_TRUE(contains(thrown_text<ShapeError>([&] { affine(zeros({784})); }),
                       "RandomAffine: x is [784]: expected [H, W] or [C, H, W]"));
  thrown_text<ShapeError>([&] { affine(zeros({2, 1, 4, 4})); });
}

TEST(Warp, DrawsTheSameForARowAloneAndInABatch) {
  const Tensor images = rand({7, 2, 8, 9});
  const TensorDataset set(images, arange(7));
  const CombinedWarp warp =
      combine(RandomAffine(
                  {.degrees = 20, .translate = 0.2, .scale = {0.8, 1.2}, .shear = 10, .fill = 0.5}),
              ElasticTransform({.fill = 0.5}));
  const std::vector<std::int64_t> indices = {3, 0, 6, 3};
  const FetchScope scope(5, 6, 7);
  const Batch batch = map(set, warp).get_batch(indices);
  for (std::size_t i = 0; i < indices.size(); ++i) {
    Generator generator(scope.seed(indices[i]));
    const GeneratorGuard guard(generator);
    EXPECT_EQ(batch.data.select(0, static_cast<std::int64_t>(i)).to_vector<float>(),
              warp(images.select(0, indices[i])).to_vector<float>());
  }
}

TEST(Warp, GivesTheSameBitsForAnyNumberOfThreads) {
  const TensorDataset set(rand({300, 28, 28}), arange(300));
  const MapDataset bent = map(set, ElasticTransform());
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < 300; ++i) indices.push_back(i);
  const int before = get_num_threads();
  std::vector<float> expected;
  for (const int threads : {1, 2, 5}) {
    set_num_threads(threads);
    const FetchScope scope(1, 2, 3);
    const auto bits = bent.get_batch(indices).data.to_vector<float>();
    if (expected.empty()) expected = bits;
    EXPECT_EQ(bits, expected);
  }
  set_num_threads(before);
}

TEST(CombinedWarp, EqualsOneWarpAfterTheOtherWhereNothingIsInterpolated) {
  const Tensor x = rand({6, 6});
  const RandomAffine turn({.degrees = fixed(90)});
  const RandomAffine shift({.translate = fixed(1.0 / 6)});
  const auto expected = shift(turn(x)).to_vector<double>();
  const auto combined = combine(turn, shift)(x).to_vector<double>();
  for (std::size_t i = 0; i < 36; ++i) EXPECT_NEAR(combined[i], expected[i], 1e-5);
  const auto other = combine(shift, turn)(x).to_vector<double>();
  double difference = 0;
  for (std::size_t i = 0; i < 36; ++i) difference += std::abs(other[i] - expected[i]);
  EXPECT_GT(difference, 1);
}

TEST(CombinedWarp, RefusesWhatItCannotCombine) {
  EXPECT_EQ(thrown_text<ValueError>([] { CombinedWarp({}); }),
            "combine: no warps: expected at least one");
  thrown_text<ValueError>([] { CombinedWarp({nullptr}); });
  EXPECT_EQ(thrown_text<ValueError>([] { combine(RandomAffine({.fill = 1}), ElasticTransform()); }),
            "combine: fill = 0 after fill = 1: expected the same for all");
}

}  // namespace
}  // namespace tarn::data
