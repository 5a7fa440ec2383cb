#include <map>
#include <set>

#include <gtest/gtest.h>

#include <tarn/data/transforms.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/random.h>

#include "thrown_text.h"

namespace tarn::data {
namespace {

class Randomly : public ::testing::Test {
 private:
  Generator generator_{4};
  GeneratorGuard guard_{generator_};
};
using RandomCropTest = Randomly;
using RandomHorizontalFlipTest = Randomly;
using RandomErasingTest = Randomly;

TEST_F(RandomCropTest, CutsEveryPartAndNoOther) {
  const Tensor x = arange(12).reshape({3, 4});
  const RandomCrop crop({.height = 2, .width = 3});
  std::map<std::vector<int>, int> seen;
  for (int i = 0; i < 4000; ++i) ++seen[crop(x).to_vector<int>()];
  ASSERT_EQ(seen.size(), 4U);
  for (const auto& [part, count] : seen) {
    const int first = part[0];
    EXPECT_EQ(part,
              (std::vector<int>{first, first + 1, first + 2, first + 4, first + 5, first + 6}));
    EXPECT_NEAR(count, 1000, 110);  // four standard deviations
  }
}

TEST_F(RandomCropTest, PadsWithFill) {
  const RandomCrop crop({.height = 5, .width = 5, .padding = 4, .fill = -1});
  std::set<std::vector<int>> places;
  for (int i = 0; i < 2000; ++i) {
    const Tensor part = crop(full({1, 1, 1}, 7, {.dtype = kInt32}));
    EXPECT_EQ(part.sizes(), Shape({1, 5, 5}));
    EXPECT_EQ(part.dtype(), kInt32);
    const auto values = part.to_vector<int>();
    EXPECT_EQ(std::count(values.begin(), values.end(), 7), 1);
    EXPECT_EQ(std::count(values.begin(), values.end(), -1), 24);
    places.insert(values);
  }
  EXPECT_EQ(places.size(), 25U);
}

TEST_F(RandomCropTest, RefusesImagesThatAreTooSmallAndOptionsOutOfRange) {
  EXPECT_EQ(thrown_text<ShapeError>([] {
              RandomCrop({.height = 5, .width = 2, .padding = 1})(zeros({1, 2, 2}));
            }),
            "RandomCrop: x is [1, 2, 2], with padding 1 on each side: smaller than the part of "
            "5 x 2; raise padding");
  thrown_text<ShapeError>([] { RandomCrop({.height = 1, .width = 1})(zeros({4})); });
  EXPECT_EQ(thrown_text<ValueError>([] { RandomCrop({.width = 3}); }),
            "RandomCrop: height = 0: expected 1..1073741823");
  thrown_text<ValueError>([] { RandomCrop({.height = 1, .width = 1, .padding = -1}); });
}

TEST_F(RandomHorizontalFlipTest, MirrorsRowsWithItsProbability) {
  const Tensor x = arange(12).reshape({2, 2, 3});
  EXPECT_EQ(RandomHorizontalFlip(1)(x).to_vector<int>(),
            (std::vector<int>{2, 1, 0, 5, 4, 3, 8, 7, 6, 11, 10, 9}));
  EXPECT_EQ(RandomHorizontalFlip(0)(x).to_vector<int>(), x.to_vector<int>());
  int flipped = 0;
  for (int i = 0; i < 1000; ++i) flipped += RandomHorizontalFlip(0.3)(x).to_vector<int>()[0] == 2;
  EXPECT_NEAR(flipped, 300, 58);
  EXPECT_EQ(x.to_vector<int>(), arange(12).to_vector<int>());
  EXPECT_EQ(RandomHorizontalFlip(1)(zeros({3, 0})).sizes(), Shape({3, 0}));
  EXPECT_EQ(RandomHorizontalFlip(1)(x.transpose(1, 2)).to_vector<int>()[0], 3);
}

TEST_F(RandomHorizontalFlipTest, RefusesWhatIsNoProbabilityOrImage) {
  EXPECT_EQ(thrown_text<ValueError>([] { RandomHorizontalFlip flip(1.5); }),
            "RandomHorizontalFlip: p = 1.5: expected 0..1");
  thrown_text<ShapeError>([] { RandomHorizontalFlip()(zeros({784})); });
}

TEST_F(RandomErasingTest, ErasesARectangleOfTheAskedSize) {
  const RandomErasing erasing({.p = 1, .min_area = 0.1, .max_area = 0.4, .value = 9});
  double area = 0;
  for (int round = 0; round < 500; ++round) {
    const Tensor erased = erasing(zeros({2, 40, 30}));
    const auto values = erased.to_vector<int>();
    int count = 0;
    int top = 99, bottom = -1, left = 99, right = -1;
    for (int i = 0; i < 1200; ++i) {
      const int value = values[static_cast<std::size_t>(i)];
      ASSERT_EQ(value, values[static_cast<std::size_t>(i + 1200)]);
      if (value != 9) continue;
      ++count;
      top = std::min(top, i / 30);
      bottom = std::max(bottom, i / 30);
      left = std::min(left, i % 30);
      right = std::max(right, i % 30);
    }
    const int height = bottom - top + 1;
    const int width = right - left + 1;
    ASSERT_EQ(count, height * width);
    ASSERT_GE(count, 0.09 * 1200);
    ASSERT_LE(count, 0.42 * 1200);
    ASSERT_LT(static_cast<double>(height) / width, 3.6);
    ASSERT_GT(static_cast<double>(height) / width, 0.27);
    area += count / 1200.0;
  }
  EXPECT_NEAR(area / 500, 0.25, 0.03);
}

TEST_F(RandomErasingTest, ErasesWithItsProbability) {
  const RandomErasing erasing({.p = 0.25});
  int erased = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto values = erasing(ones({20, 20})).to_vector<int>();
    erased += std::count(values.begin(), values.end(), 0) > 0;
  }
  EXPECT_NEAR(erased, 250, 55);
}

TEST_F(RandomErasingTest, LeavesAnImageThatNoRectangleFits) {
  const RandomErasing erasing(
      {.p = 1, .min_area = 1, .max_area = 1, .min_ratio = 10, .max_ratio = 10});
  EXPECT_EQ(erasing(ones({8, 8})).to_vector<int>(), std::vector<int>(64, 1));
  EXPECT_EQ(erasing(zeros({0, 8})).sizes(), Shape({0, 8}));
}

TEST_F(RandomErasingTest, RefusesOptionsOutOfRange) {
  EXPECT_EQ(thrown_text<ValueError>([] { RandomErasing({.min_area = 0.5}); }),
            "RandomErasing: max_area = 0.33: expected min_area..1");
  thrown_text<ValueError>([] { RandomErasing({.p = -0.1}); });
  thrown_text<ValueError>([] { RandomErasing({.min_area = 0}); });
  thrown_text<ValueError>([] { RandomErasing({.min_ratio = 4}); });
  thrown_text<ValueError>([] { RandomErasing({.value = 1 / 0.0}); });
}

}  // namespace
}  // namespace tarn::data
