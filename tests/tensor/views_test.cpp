#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/tensor/factories.h>
#include <tarn/tensor/tensor.h>

namespace tarn::testing {
namespace {

using Values = std::vector<double>;

Tensor counted(const Shape& shape) { return arange(numel(shape), {.dtype = kFloat32}).view(shape); }

bool share(const Tensor& a, const Tensor& b) { return a.impl().storage() == b.impl().storage(); }

TEST(Views, ShareTheElements) {
  const Tensor x = counted({2, 3, 4});
  const Tensor views[] = {x.view({6, 4}),
                          x.reshape({4, 6}),
                          x.flatten(),
                          x.transpose(0, 2),
                          x.permute({2, 0, 1}),
                          x.unsqueeze(1),
                          x.select(1, 2),
                          x.slice(2, 1, 4, 2),
                          x.narrow(0, 1, 1),
                          x[1],
                          x.expand({5, 2, 3, 4}),
                          x.narrow(0, 0, 1).squeeze(0)};
  for (const Tensor& view : views) EXPECT_TRUE(share(view, x));
  EXPECT_FALSE(share(x.clone(), x));
  EXPECT_FALSE(share(x.transpose(0, 2).reshape({24}), x)) << "no strides for that";
  EXPECT_FALSE(share(x.index_select(0, tensor({0})), x));
}

TEST(Views, WritingThroughOneIsSeenByTheOthers) {
  const Tensor x = zeros({3, 4});
  x.select(0, 1).fill_(1);
  x.slice(1, 0, 4, 2).add_(10);
  x.t().select(0, 3).fill_(-1);
  EXPECT_EQ(x.to_vector(), (Values{10, 0, 10, -1, 11, 1, 11, -1, 10, 0, 10, -1}));
}

TEST(Views, StridesAreThoseOfPyTorch) {
  const Tensor x = counted({2, 3, 4});
  EXPECT_EQ(x.transpose(0, 2).strides(), Shape({1, 4, 12}));
  EXPECT_EQ(x.permute({1, 2, 0}).strides(), Shape({4, 1, 12}));
  EXPECT_EQ(x.slice(1, 1, 3, 2).strides(), Shape({12, 8, 1}));
  EXPECT_EQ(x.select(1, 1).strides(), Shape({12, 1}));
  EXPECT_EQ(x.unsqueeze(0).strides(), Shape({24, 12, 4, 1}));
  EXPECT_EQ(x.unsqueeze(-1).strides(), Shape({12, 4, 1, 1}));
  EXPECT_EQ(x.select(2, 0).strides(), Shape({12, 4}));
  EXPECT_EQ(counted({3, 1}).expand({3, 4}).strides(), Shape({1, 0}));
  EXPECT_EQ(counted({4}).expand({2, 3, 4}).strides(), Shape({0, 0, 1}));
}

TEST(Views, StartWhereTheyShould) {
  const Tensor x = counted({2, 3, 4});
  const auto offset = [&](const Tensor& view) {
    return view.data_ptr<float>() - x.data_ptr<float>();
  };
  EXPECT_EQ(offset(x.select(0, 1)), 12);
  EXPECT_EQ(offset(x.select(1, -1)), 8);
  EXPECT_EQ(offset(x.slice(2, 3, 4)), 3);
  EXPECT_EQ(offset(x.slice(2, -2, 4)), 2);
  EXPECT_EQ(offset(x[1][2][3]), 23);
  EXPECT_EQ(x[1][2][3].item(), 23);
}

TEST(Views, OfStridedTensorsWhereTheStridesAllow) {
  const Tensor x = counted({4, 6});
  const Tensor half = x.slice(0, 0, 4, 2);  // [2, 6], strides (12, 1)
  EXPECT_TRUE(share(half.reshape({2, 2, 3}), x));
  EXPECT_EQ(half.view({2, 2, 3}).to_vector(), (Values{0, 1, 2, 3, 4, 5, 12, 13, 14, 15, 16, 17}));
  EXPECT_ANY_THROW(half.view({12}));
  EXPECT_EQ(half.reshape({12}).to_vector(), (Values{0, 1, 2, 3, 4, 5, 12, 13, 14, 15, 16, 17}));
  const Tensor transposed = x.t();  // [6, 4], strides (1, 6)
  EXPECT_TRUE(share(transposed.reshape({2, 3, 4}), x));
  EXPECT_EQ(transposed.view({2, 3, 4}).to_vector(), transposed.to_vector());
  EXPECT_ANY_THROW(transposed.view({24}));
  const Tensor expanded = counted({3, 1}).expand({3, 4});
  EXPECT_EQ(expanded.view({3, 2, 2}).to_vector(), (Values{0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2}));
  EXPECT_ANY_THROW(expanded.view({12}));
  EXPECT_EQ(counted({1, 3}).expand({2, 3}).reshape({6}).to_vector(), (Values{0, 1, 2, 0, 1, 2}));
}

TEST(Views, EveryReshapeOfEveryPermutationKeepsTheOrder) {
  const Shape orders[] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
  const Shape targets[] = {{24},      {2, 12}, {12, 2}, {4, 6},     {6, 4},      {2, 3, 4},
                           {4, 3, 2}, {3, 8},  {8, 3},  {1, 24, 1}, {2, 2, 2, 3}};
  for (const Shape& order : orders) {
    const Tensor x = counted({2, 3, 4}).permute(order);
    for (const Shape& target : targets) {
      ASSERT_EQ(x.reshape(target).to_vector(), x.to_vector())
          << to_string(order) << " as " << to_string(target);
      ASSERT_EQ(x.reshape(target).sizes(), target);
    }
  }
}

TEST(Views, OfSizeOneDimensions) {
  const Tensor x = counted({1, 4, 1, 3});
  EXPECT_EQ(x.permute({3, 2, 1, 0}).reshape({3, 4}).to_vector(),
            (Values{0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11}));
  EXPECT_TRUE(share(x.transpose(0, 2).view({4, 3}), x));
  EXPECT_EQ(x.squeeze(0).sizes(), Shape({4, 1, 3}));
  EXPECT_EQ(x.squeeze(1).sizes(), Shape({1, 4, 1, 3})) << "not of size 1";
}

TEST(Views, OfEmptyTensors) {
  const Tensor x = zeros({0, 3});
  EXPECT_EQ(x.t().sizes(), Shape({3, 0}));
  EXPECT_EQ(x.view({3, 0, 2}).sizes(), Shape({3, 0, 2}));
  EXPECT_EQ(x.flatten().sizes(), Shape({0}));
  EXPECT_EQ(x.slice(0, 0, 10).sizes(), Shape({0, 3}));
  EXPECT_EQ(x.select(1, 2).sizes(), Shape({0}));
  EXPECT_EQ(zeros({1, 3}).expand({0, 3}).sizes(), Shape({0, 3}));
  EXPECT_EQ(zeros({4, 3}).slice(0, 4, 4).sizes(), Shape({0, 3}));
}

TEST(Views, OfIntegersAndBool) {
  for (const DType dtype : {kInt64, kInt32, kUInt8, kBool, kFloat64}) {
    const Tensor x = arange(6, {.dtype = kInt64}).to(dtype).view({2, 3});
    EXPECT_EQ(x.t().contiguous().dtype(), dtype);
    EXPECT_EQ(x.t().contiguous().to_vector()[1], dtype == kBool ? 1 : 3);
  }
}

TEST(Views, OutliveTheirBase) {
  Tensor view;
  {
    const Tensor x = counted({100});
    view = x.slice(0, 90, 100);
  }
  EXPECT_EQ(view.to_vector(), (Values{90, 91, 92, 93, 94, 95, 96, 97, 98, 99}));
}

TEST(Slice, FollowsPython) {
  const Tensor x = counted({5});
  const auto at = [&](std::int64_t start, std::int64_t end, std::int64_t step = 1) {
    return x.slice(0, start, end, step).to_vector();
  };
  EXPECT_EQ(at(0, 5), (Values{0, 1, 2, 3, 4}));
  EXPECT_EQ(at(-2, 5), (Values{3, 4}));
  EXPECT_EQ(at(0, -1), (Values{0, 1, 2, 3}));
  EXPECT_EQ(at(1, 100, 3), (Values{1, 4}));
  EXPECT_EQ(at(3, 2), Values());
  EXPECT_EQ(at(-100, 2), (Values{0, 1}));
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const std::int64_t least = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(at(0, most), (Values{0, 1, 2, 3, 4}));
  EXPECT_EQ(at(least, most, most), (Values{0}));
  EXPECT_EQ(at(most, most), Values());
}

}  // namespace
}  // namespace tarn::testing
