#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

#include <tarn/tensor/error.h>
#include <tarn/tensor/shape.h>

#include "expect_error.h"

namespace tarn::testing {
namespace {

TEST(Shape, HoldsUpToEightSizes) {
  const Shape shape = {1, 2, 3, 4, 5, 6, 7, 8};
  EXPECT_EQ(shape.size(), 8);
  EXPECT_EQ(shape[7], 8);
  EXPECT_EQ(to_string(shape), "[1, 2, 3, 4, 5, 6, 7, 8]");
}

TEST(Shape, RefusesNine) {
  EXPECT_TRUE(fails_with<ShapeError>(
      [] {
        Shape({1, 2, 3, 4, 5, 6, 7, 8, 9});
      },
      "shape: ", {"9", "8"}));
  EXPECT_TRUE(fails_with<ShapeError>([] { Shape(std::vector<std::int64_t>(100, 1)); },
                                     "shape: ", {"100", "8"}));
  Shape full = Shape::filled(8, 1);
  EXPECT_TRUE(fails_with<ShapeError>([&] { full.push_back(1); }, "shape ", {"8"}));
  EXPECT_TRUE(fails_with<ShapeError>([&] { full.insert(0, 1); }, "shape ", {"8"}));
  EXPECT_EQ(full, Shape::filled(8, 1));
  EXPECT_TRUE(fails_with<ShapeError>([] { Shape::filled(9, 1); }, "shape ", {"8"}));
}

TEST(Shape, InsertsAndErases) {
  Shape shape = {2, 3};
  shape.insert(0, 1);
  shape.insert(3, 4);
  shape.insert(2, 9);
  EXPECT_EQ(shape, Shape({1, 2, 9, 3, 4}));
  shape.erase(2);
  shape.erase(0);
  shape.erase(2);
  EXPECT_EQ(shape, Shape({2, 3}));
}

TEST(Shape, ComparesByContents) {
  EXPECT_EQ(Shape(), Shape({}));
  EXPECT_FALSE(Shape({1}) == Shape({1, 1}));
  EXPECT_FALSE(Shape({1, 2}) == Shape({2, 1}));
}

TEST(Numel, MultipliesAndRefusesWhatDoesNotFit) {
  EXPECT_EQ(numel({}), 1);
  EXPECT_EQ(numel({2, 3, 4}), 24);
  EXPECT_EQ(numel({2, 0, 4}), 0);
  const std::int64_t big = std::int64_t{1} << 40;
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] {
        numel({big, big});
      },
      "shape [1099511627776, 1099511627776]", {"overflow"}));
  EXPECT_TRUE(fails_with<ShapeError>(
      [] {
        numel({std::int64_t{1} << 32, std::int64_t{1} << 32});
      },
      "shape ", {"overflow"}))
      << "the product wraps to 0";
  EXPECT_EQ(numel({big, big, 0}), 0) << "empty, however large the other sizes are";
  EXPECT_EQ(numel({0, big, big}), 0);
  EXPECT_TRUE(fails_with<ShapeError>([] { numel({2, -1}); }, "shape [2, -1]", {"-1", "negative"}));
  EXPECT_TRUE(fails_with<ShapeError>([] { numel({0, -1}); }, "shape [0, -1]", {"negative"}));
  EXPECT_TRUE(fails_with<ShapeError>([] { numel({std::numeric_limits<std::int64_t>::min()}); },
                                     "shape ", {"negative"}));
}

TEST(ContiguousStrides, AreRowMajor) {
  EXPECT_EQ(contiguous_strides({2, 3, 4}), Shape({12, 4, 1}));
  EXPECT_EQ(contiguous_strides({}), Shape());
  EXPECT_EQ(contiguous_strides({5}), Shape({1}));
}

TEST(ContiguousStrides, OfEmptyTensorsNeverOverflow) {
  const std::int64_t big = std::int64_t{1} << 40;
  EXPECT_EQ(contiguous_strides({0, big, big}).size(), 3);
  EXPECT_EQ(contiguous_strides({big, big, 0}).size(), 3);
}

TEST(BroadcastShapes, FollowsNumPy) {
  EXPECT_EQ(broadcast_shapes("op", {3, 4}, {3, 4}), Shape({3, 4}));
  EXPECT_EQ(broadcast_shapes("op", {3, 4}, {4}), Shape({3, 4}));
  EXPECT_EQ(broadcast_shapes("op", {4}, {3, 4}), Shape({3, 4}));
  EXPECT_EQ(broadcast_shapes("op", {3, 1}, {1, 4}), Shape({3, 4}));
  EXPECT_EQ(broadcast_shapes("op", {}, {3, 4}), Shape({3, 4}));
  EXPECT_EQ(broadcast_shapes("op", {}, {}), Shape());
  EXPECT_EQ(broadcast_shapes("op", {2, 1, 4}, {3, 1}), Shape({2, 3, 4}));
  EXPECT_EQ(broadcast_shapes("op", {0}, {1}), Shape({0}));
  EXPECT_EQ(broadcast_shapes("op", {2, 1}, {0}), Shape({2, 0}));
  EXPECT_EQ(broadcast_shapes("op", {1}, {0, 3, 1}), Shape({0, 3, 1}));
}

TEST(BroadcastShapes, NamesOpShapesAndDimension) {
  EXPECT_TRUE(fails_with<ShapeError>(
      [] {
        broadcast_shapes("add", {3, 4}, {5});
      },
      "add: shapes [3, 4] and [5] do not broadcast", {"4 and 5"}));
  EXPECT_TRUE(fails_with<ShapeError>(
      [] {
        broadcast_shapes("mul", {5}, {3, 4});
      },
      "mul: shapes [5] and [3, 4] do not broadcast", {"5 and 4"}));
  EXPECT_TRUE(
      fails_with<ShapeError>([] { broadcast_shapes("add", {0}, {3}); }, "add: ", {"0 and 3"}));
  EXPECT_TRUE(fails_with<ShapeError>(
      [] {
        broadcast_shapes("add", {2, 3, 4}, {2, 1});
      },
      "add: ", {"dimension -2", "3 and 2"}));
}

TEST(WrapDim, CountsFromTheEnd) {
  EXPECT_EQ(wrap_dim("sum", 0, 2), 0);
  EXPECT_EQ(wrap_dim("sum", 1, 2), 1);
  EXPECT_EQ(wrap_dim("sum", -1, 2), 1);
  EXPECT_EQ(wrap_dim("sum", -2, 2), 0);
  EXPECT_EQ(wrap_dim("sum", 0, 0), 0);
  EXPECT_EQ(wrap_dim("sum", -1, 0), 0);
  EXPECT_TRUE(fails_with<IndexError>([] { wrap_dim("sum", 2, 2); },
                                     "sum: dim 2 is out of range for a 2-d tensor", {"-2..1"}));
  EXPECT_TRUE(fails_with<IndexError>([] { wrap_dim("sum", -3, 2); }, "sum: dim -3", {"-2..1"}));
  EXPECT_TRUE(fails_with<IndexError>([] { wrap_dim("sum", 1, 0); }, "sum: dim 1", {"0-d"}));
  EXPECT_TRUE(fails_with<IndexError>(
      [] { wrap_dim("sum", std::numeric_limits<std::int64_t>::min(), 2); }, "sum: dim -9"));
}

}  // namespace
}  // namespace tarn::testing
