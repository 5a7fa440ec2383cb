#include <gtest/gtest.h>

#include <tarn/data/tensor_dataset.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/parallel.h>

#include "thrown_text.h"

namespace tarn::data {
namespace {

using Indices = std::vector<std::int64_t>;

TEST(TensorDataset, GathersRows) {
  const TensorDataset set(arange(12).reshape({4, 3}), tensor({10, 11, 12, 13}));
  EXPECT_EQ(set.size(), 4);
  const Batch batch = set.get_batch(Indices{3, 0, 3});
  EXPECT_EQ(batch.data.sizes(), Shape({3, 3}));
  EXPECT_EQ(batch.data.to_vector<int>(), (std::vector<int>{9, 10, 11, 0, 1, 2, 9, 10, 11}));
  EXPECT_EQ(batch.target.to_vector<int>(), (std::vector<int>{13, 10, 13}));
}

TEST(TensorDataset, GivesOneExample) {
  const TensorDataset set(arange(12).reshape({2, 2, 3}), tensor({0.5, 1.5}));
  const Example example = set.get(1);
  EXPECT_EQ(example.data.sizes(), Shape({2, 3}));
  EXPECT_EQ(example.data.to_vector<int>(), (std::vector<int>{6, 7, 8, 9, 10, 11}));
  EXPECT_EQ(example.target.sizes(), Shape({}));
  EXPECT_EQ(example.target.item<double>(), 1.5);
}

TEST(TensorDataset, KeepsEveryElementType) {
  for (const DType dtype : {kFloat32, kFloat64, kInt64, kInt32, kUInt8, kBool}) {
    const TensorDataset set(tensor({1, 0, 1}, {.dtype = dtype}), arange(3));
    const Batch batch = set.get_batch(Indices{2, 1});
    EXPECT_EQ(batch.data.dtype(), dtype);
    EXPECT_EQ(batch.data.to_vector<int>(), (std::vector<int>{1, 0}));
  }
}

TEST(TensorDataset, GathersFromAnyLayout) {
  const Tensor matrix = arange(12).reshape({3, 4});
  const TensorDataset transposed(matrix.t(), arange(4));
  EXPECT_EQ(transposed.get_batch(Indices{1}).data.to_vector<int>(), (std::vector<int>{1, 5, 9}));
  const TensorDataset strided(matrix.slice(0, 2, 3, 2), arange(1));
  EXPECT_EQ(strided.get_batch(Indices{0, 0}).data.to_vector<int>(),
            (std::vector<int>{8, 9, 10, 11, 8, 9, 10, 11}));
  const TensorDataset expanded(arange(2).reshape({1, 2}).expand({3, 2}), arange(3));
  EXPECT_EQ(expanded.get_batch(Indices{2, 1}).data.to_vector<int>(),
            (std::vector<int>{0, 1, 0, 1}));
}

TEST(TensorDataset, SharesContiguousTensors) {
  const Tensor x = zeros({2, 2});
  const TensorDataset set(x, arange(2));
  x.fill_(7);
  EXPECT_EQ(set.get(0).data.to_vector<int>(), (std::vector<int>{7, 7}));
}

TEST(TensorDataset, IsNotChangedThroughItsBatches) {
  const TensorDataset set(zeros({2, 2}), arange(2));
  set.get_batch(Indices{0, 1}).data.fill_(7);
  set.get(0).data.fill_(7);
  EXPECT_EQ(set.data().to_vector<int>(), (std::vector<int>{0, 0, 0, 0}));
}

TEST(TensorDataset, GathersAlikeOnAnyNumberOfThreads) {
  const TensorDataset set(arange(4'000'000, {.dtype = kFloat32}).reshape({4000, 1000}),
                          arange(4000));
  Indices indices;
  for (std::int64_t i = 0; i < 2000; ++i) indices.push_back(i * 7919 % 4000);
  const int before = get_num_threads();
  set_num_threads(3);
  const std::vector<float> rows = set.get_batch(indices).data.to_vector<float>();
  set_num_threads(before);
  for (std::size_t i = 0; i < indices.size(); ++i) {
    ASSERT_EQ(rows[1000 * i], static_cast<float>(1000 * indices[i]));
    ASSERT_EQ(rows[1000 * i + 999], static_cast<float>(1000 * indices[i] + 999));
  }
}

TEST(TensorDataset, AllowsEmptyRowsAndNoRows) {
  const TensorDataset flat(zeros({3, 0}), arange(3));
  EXPECT_EQ(flat.get_batch(Indices{0, 2}).data.sizes(), Shape({2, 0}));
  const TensorDataset none(zeros({0, 3}), arange(0));
  EXPECT_EQ(none.size(), 0);
  EXPECT_TRUE(contains(thrown_text<IndexError>([&] { none.get(0); }), "it has no examples"));
}

TEST(TensorDataset, RefusesTensorsThatDoNotFit) {
  EXPECT_EQ(thrown_text<ShapeError>([] {
              TensorDataset(zeros({3, 2}), arange(4));
            }),
            "TensorDataset: data [3, 2] has 3 examples, target [4] has 4: expected as many");
  thrown_text<ShapeError>([] { TensorDataset(scalar_tensor(1.0), arange(1)); });
  EXPECT_TRUE(contains(thrown_text<ValueError>([] { TensorDataset(Tensor(), arange(1)); }),
                       "data is undefined"));
  EXPECT_TRUE(contains(thrown_text<ValueError>([] { TensorDataset(arange(1), Tensor()); }),
                       "target is undefined"));
  EXPECT_TRUE(contains(thrown_text<ValueError>(
                           [] { TensorDataset(zeros({1}, {.requires_grad = true}), arange(1)); }),
                       "detach() it"));
}

TEST(TensorDataset, RefusesIndicesOutOfRange) {
  const TensorDataset set(arange(3), arange(3));
  EXPECT_EQ(thrown_text<IndexError>([&] {
              set.get_batch(Indices{0, 3});
            }),
            "TensorDataset: index 3 is out of range: expected 0..2");
  thrown_text<IndexError>([&] { set.get(-1); });
}

}  // namespace
}  // namespace tarn::data
