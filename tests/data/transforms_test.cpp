#include <cmath>
#include <limits>
#include <set>

#include <gtest/gtest.h>

#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/data/fetch_scope.h>
#include <tarn/data/map_dataset.h>
#include <tarn/data/tensor_dataset.h>
#include <tarn/data/transforms.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/random.h>

#include "thrown_text.h"

namespace tarn::data {
namespace {

TEST(Normalize, SubtractsTheMeanAndDivides) {
  const Tensor x = tensor({0.0, 0.5, 1.0});
  const Tensor y = Normalize(0.5, 0.25)(x);
  EXPECT_EQ(y.dtype(), kFloat32);
  EXPECT_EQ(y.to_vector<float>(), (std::vector<float>{-2, 0, 2}));
  EXPECT_EQ(x.to_vector<float>(), (std::vector<float>{0, 0.5, 1}));
}

TEST(Normalize, TakesOneMeanForEachChannel) {
  const Tensor x = ones({2, 1, 2});
  EXPECT_EQ(Normalize({0, 1}, {1, 2})(x).to_vector<float>(), (std::vector<float>{1, 1, 0, 0}));
  EXPECT_EQ(thrown_text<ShapeError>([&] {
              Normalize({0, 1, 2}, {1, 1, 1})(x);
            }),
            "Normalize: x is [2, 1, 2]: expected [3, H, W] for 3 means");
  thrown_text<ShapeError>([&] { Normalize({0, 1}, {1, 1})(ones({2, 2})); });
}

TEST(Normalize, KeepsDoublesAndRefusesBytes) {
  EXPECT_EQ(Normalize(0, 1)(ones({2}, {.dtype = kFloat64})).dtype(), kFloat64);
  EXPECT_EQ(
      thrown_text<DTypeError>([] { Normalize(0.1307, 0.3081)(full({2}, 200, {.dtype = kUInt8})); }),
      "Normalize: x is uint8: expected float32 or float64; pixels that are bytes become 0..1 "
      "by .to(kFloat32) / 255");
  thrown_text<DTypeError>([] { Normalize(0, 1)(ones({1, 2, 2}, {.dtype = kInt64})); });
}

TEST(Normalize, RefusesMomentsThatCannotNormalise) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(thrown_text<ValueError>([] { Normalize(0, 0); }),
            "Normalize: std = 0: expected a finite number > 0");
  thrown_text<ValueError>([] { Normalize(0, -1); });
  thrown_text<ValueError>([&] { Normalize(nan, 1); });
  thrown_text<ValueError>([&] { Normalize(0, nan); });
  thrown_text<ValueError>([&] { Normalize({0, 0}, {1, 0}); });
  thrown_text<ValueError>([] { Normalize(std::vector<double>{0, 1}, std::vector<double>{1}); });
  thrown_text<ValueError>([] { Normalize(std::vector<double>{}, std::vector<double>{}); });
}

// Where the only 1 of a [5, 5] image with a 1 in its middle lies after a translation.
std::pair<int, int> place_of_one(const Tensor& image) {
  const std::vector<int> values = image.to_vector<int>();
  for (int i = 0; i < 25; ++i) {
    if (values[static_cast<std::size_t>(i)] == 1) return {i / 5 - 2, i % 5 - 2};
  }
  return {99, 99};
}

Tensor dot() {
  Tensor image = zeros({5, 5});
  image.select(0, 2).select(0, 2).fill_(1);
  return image;
}

TEST(RandomShift, ReachesEveryShiftAndNoOther) {
  Generator generator(1);
  const GeneratorGuard guard(generator);
  const RandomShift translate(1);
  const Tensor image = dot();
  std::set<std::pair<int, int>> shifts;
  for (int i = 0; i < 500; ++i) {
    const auto shift = place_of_one(translate(image));
    ASSERT_LE(std::abs(shift.first), 1);
    ASSERT_LE(std::abs(shift.second), 1);
    shifts.insert(shift);
  }
  EXPECT_EQ(shifts.size(), 9U);
}

TEST(RandomShift, MovesAllChannelsAlikeAndFillsTheRest) {
  Generator generator(1);
  const GeneratorGuard guard(generator);
  const Tensor x = arange(2 * 3 * 4, {.dtype = kFloat32}).reshape({2, 3, 4});
  const std::vector<float> from = x.to_vector<float>();
  for (int round = 0; round < 100; ++round) {
    const std::uint64_t stream = generator.stream();
    const std::vector<float> moved = RandomShift(2, -0.5)(x).to_vector<float>();
    Generator again(1, stream);
    const auto shift = randint(-2, 3, {2}, again).to_vector<int>();
    for (int c = 0; c < 2; ++c) {
      for (int h = 0; h < 3; ++h) {
        for (int w = 0; w < 4; ++w) {
          const int source_h = h - shift[0];
          const int source_w = w - shift[1];
          const bool inside = source_h >= 0 && source_h < 3 && source_w >= 0 && source_w < 4;
          const float expected =
              inside ? from[static_cast<std::size_t>((c * 3 + source_h) * 4 + source_w)] : -0.5F;
          ASSERT_EQ(moved[static_cast<std::size_t>((c * 3 + h) * 4 + w)], expected);
        }
      }
    }
  }
}

TEST(RandomShift, MayMoveTheImageOutOfSight) {
  Generator generator(3);
  const GeneratorGuard guard(generator);
  const RandomShift translate(1'000'000, 2);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(translate(ones({2, 2}, {.dtype = kUInt8})).to_vector<int>(),
              (std::vector<int>{2, 2, 2, 2}));
  }
  EXPECT_EQ(RandomShift(3)(zeros({1, 0, 4})).sizes(), Shape({1, 0, 4}));
}

TEST(RandomShift, WithoutShiftCopies) {
  const Tensor x = dot();
  const Tensor y = RandomShift(0)(x);
  EXPECT_EQ(y.to_vector<float>(), x.to_vector<float>());
  y.fill_(3);
  EXPECT_EQ(x.to_vector<float>(), dot().to_vector<float>());
}

TEST(RandomShift, KeepsTheElementType) {
  EXPECT_EQ(RandomShift(1)(zeros({3, 3}, {.dtype = kUInt8})).dtype(), kUInt8);
  EXPECT_EQ(RandomShift(1)(zeros({1, 3, 3}, {.dtype = kFloat64})).dtype(), kFloat64);
}

TEST(RandomShift, RefusesWhatIsNoImage) {
  EXPECT_TRUE(contains(thrown_text<ShapeError>([] { RandomShift(1)(zeros({784})); }),
                       "RandomShift: x is [784]: expected [H, W] or [C, H, W]"));
  thrown_text<ShapeError>([] { RandomShift(1)(zeros({2, 1, 28, 28})); });
  thrown_text<ValueError>([] { RandomShift translate(-1); });
  thrown_text<ValueError>([] { RandomShift translate(std::numeric_limits<std::int64_t>::max()); });
}

TEST(MapDataset, AppliesATransformToDataOnly) {
  const TensorDataset set(arange(4), arange(4));
  const MapDataset doubled = map(set, [](const Tensor& x) { return x * 2; });
  EXPECT_EQ(doubled.size(), 4);
  EXPECT_EQ(doubled.get(3).data.item<int>(), 6);
  EXPECT_EQ(doubled.get(3).target.item<int>(), 3);
  const Batch batch = doubled.get_batch(std::vector<std::int64_t>{1, 2});
  EXPECT_EQ(batch.data.to_vector<int>(), (std::vector<int>{2, 4}));
  EXPECT_EQ(batch.target.to_vector<int>(), (std::vector<int>{1, 2}));
  EXPECT_EQ(set.get(3).data.item<int>(), 3);
}

TEST(MapDataset, TakesTransformsAndCallablesAndChains) {
  const auto chained = map(map(TensorDataset(ones({2, 3, 3}), arange(2)), Normalize(0.5, 0.5)),
                           Lambda([](const Tensor& x) { return x.flatten(); }));
  EXPECT_EQ(chained.get(1).data.sizes(), Shape({9}));
  EXPECT_EQ(chained.get(1).data.to_vector<float>(), std::vector<float>(9, 1));
}

TEST(MapDataset, DrawsDifferentNumbersInEachStage) {
  const TensorDataset zero(zeros({1, 1}), arange(1));
  const auto noise = [](const Tensor& x) { return x + rand({1}); };
  const std::vector<std::int64_t> first = {0};
  const auto fetch = [&](const MapDataset& set) {
    const FetchScope scope(1, 2, 3);
    return set.get_batch(first).data.item<float>();
  };
  const float once = fetch(map(zero, noise));
  const float twice = fetch(map(map(zero, noise), noise));
  EXPECT_NE(twice, once + once);
  EXPECT_GT(twice, once);
}

TEST(MapDataset, RefusesNoTransform) {
  const TensorDataset set(arange(4), arange(4));
  thrown_text<ValueError>([&] { MapDataset(set, nullptr); });
}

}  // namespace
}  // namespace tarn::data
