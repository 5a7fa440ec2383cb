#include <limits>

#include <gtest/gtest.h>

#include <tarn/autograd/ops.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>

#include "../tensor/expect_error.h"
#include "operands.h"

namespace tarn::testing {
namespace {

TEST(ViewErrors, NamesBothSizes) {
  EXPECT_TRUE(fails_with<ShapeError>([] { view(f32({2, 3}), {4}); }, "view: ", {"[2, 3]", "[4]"}));
  EXPECT_TRUE(fails_with<ShapeError>([] { view(f32({2, 3}), {-1, -1}); }, "view: ", {"-1"}));
  EXPECT_TRUE(fails_with<ShapeError>(
      [] {
        view(f32({2, 3}), {4, -1});
      },
      "view: ", {"[2, 3]", "[4, -1]"}));
  EXPECT_TRUE(fails_with<ShapeError>([] { view(f32({2, 3}), {-2, 3}); }, "view: ", {"-2"}));
  EXPECT_TRUE(fails_with<ShapeError>(
      [] {
        view(f32({0, 3}), {0, -1});
      },
      "view: ", {"-1"}))
      << "any size would do";
  EXPECT_TRUE(fails_with<ShapeError>([] { view(f32({2, 3}), {}); }, "view: ", {"[2, 3]", "[]"}));
  EXPECT_TRUE(fails_with<ShapeError>(
      [] {
        view(f32({3, 4}).t(), {12});
      },
      "view: ", {"[12]", "reshape"}));
  EXPECT_TRUE(fails_with<ShapeError>(
      [] {
        reshape(f32({2, 3}), {4});
      },
      "reshape: ", {"[2, 3]", "[4]"}));
  EXPECT_TRUE(fails_with<ShapeError>([] { reshape(f32({2, 3}), {-1, -1}); }, "reshape: ", {"-1"}));
  EXPECT_TRUE(fails_with<ShapeError>(
      [] {
        reshape(f32({2, 3}), {std::int64_t{1} << 62, 4});
      },
      "", {"4611686018427387904", "overflow"}))
      << "the product of the sizes overflows";
}

TEST(DimensionErrors, NamesTheDimAndTheRange) {
  const Tensor x = f32({2, 3});
  EXPECT_TRUE(fails_with<IndexError>([&] { flatten(x, 0, 2); }, "flatten: ", {"2"}));
  EXPECT_TRUE(fails_with<ShapeError>([&] { flatten(x, 1, 0); }, "flatten: ", {"1", "0"}));
  EXPECT_TRUE(fails_with<IndexError>([&] { transpose(x, 0, 2); }, "transpose: ", {"2", "2-d"}));
  EXPECT_TRUE(fails_with<ShapeError>([&] { permute(x, {0}); }, "permute: ", {"[0]", "[2, 3]"}));
  EXPECT_TRUE(fails_with<ShapeError>([&] { permute(x, {0, 0}); }, "permute: ", {"[0, 0]"}));
  EXPECT_TRUE(fails_with<ShapeError>([&] { permute(x, {1, -1}); }, "permute: ", {"[1, -1]"}));
  EXPECT_TRUE(fails_with<IndexError>([&] { permute(x, {0, 2}); }, "permute: ", {"2"}));
  EXPECT_TRUE(fails_with<IndexError>([&] { squeeze(x, 2); }, "squeeze: ", {"2"}));
  EXPECT_TRUE(fails_with<IndexError>([&] { unsqueeze(x, 3); }, "unsqueeze: ", {"3"}));
  EXPECT_TRUE(fails_with<IndexError>([&] { unsqueeze(x, -4); }, "unsqueeze: ", {"-4"}));
  EXPECT_TRUE(fails_with<ShapeError>(
      [] {
        unsqueeze(f32({1, 1, 1, 1, 1, 1, 1, 1}), 0);
      },
      "unsqueeze: ", {"8"}));
  EXPECT_TRUE(fails_with<ShapeError>([] { f32({2, 3, 4}).t(); }, "t: ", {"[2, 3, 4]"}));
}

TEST(ExpandErrors, NamesBothShapes) {
  EXPECT_TRUE(fails_with<ShapeError>(
      [] {
        expand(f32({2, 3}), {2, 4});
      },
      "expand: ", {"[2, 3]", "[2, 4]"}));
  EXPECT_TRUE(fails_with<ShapeError>(
      [] {
        expand(f32({2, 3}), {3});
      },
      "expand: ", {"[2, 3]", "[3]"}));
  EXPECT_TRUE(fails_with<ShapeError>(
      [] {
        expand(f32({3}), {-1, 3});
      },
      "expand: ", {"-1"}))
      << "a new size must be given";
  EXPECT_TRUE(fails_with<ShapeError>([] { expand(f32({1}), {-2}); }, "expand: ", {"-2"}));
}

TEST(IndexErrors, NamesTheIndexAndTheSize) {
  const Tensor x = f32({4, 3});
  EXPECT_TRUE(fails_with<IndexError>([&] { select(x, 0, 4); }, "select: ", {"4"}));
  EXPECT_TRUE(fails_with<IndexError>([&] { select(x, 0, -5); }, "select: ", {"-5", "4"}));
  EXPECT_TRUE(fails_with<IndexError>([&] { select(x, 2, 0); }, "select: ", {"2"}));
  EXPECT_TRUE(fails_with<IndexError>([] { select(f32({}), 0, 0); }, "select: ", {"0-d"}));
  EXPECT_TRUE(fails_with<IndexError>([] { select(f32({0}), 0, 0); }, "select: ", {"0"}));
  EXPECT_TRUE(fails_with<ValueError>([&] { slice(x, 0, 0, 4, 0); }, "slice: ", {"0"}));
  EXPECT_TRUE(fails_with<ValueError>([&] { slice(x, 0, 3, 0, -1); }, "slice: ", {"-1"}));
  EXPECT_TRUE(fails_with<IndexError>([&] { slice(x, 2, 0, 1); }, "slice: ", {"2"}));
  EXPECT_TRUE(fails_with<IndexError>([] { slice(f32({}), 0, 0, 1); }, "slice: ", {"0-d"}));
  EXPECT_TRUE(fails_with<IndexError>([&] { narrow(x, 0, 2, 3); }, "narrow: ", {"2", "3", "4"}));
  EXPECT_TRUE(fails_with<IndexError>([&] { narrow(x, 0, -5, 1); }, "narrow: ", {"-5", "4"}));
  EXPECT_TRUE(fails_with<IndexError>([&] { narrow(x, 0, 0, -1); }, "narrow: ", {"-1"}));
  EXPECT_TRUE(fails_with<IndexError>(
      [&] { narrow(x, 0, 1, std::numeric_limits<std::int64_t>::max()); }, "narrow: "));
}

TEST(IndexSelectErrors, NamesTheFirstBadIndex) {
  const Tensor x = f32({4, 3});
  EXPECT_TRUE(fails_with<IndexError>(
      [&] {
        index_select(x, 0, tensor({0, 4, 5}));
      },
      "index_select: ", {"4", "index[1]"}));
  EXPECT_TRUE(
      fails_with<IndexError>([&] { index_select(x, 0, tensor({-1})); }, "index_select: ", {"-1"}));
  EXPECT_TRUE(
      fails_with<IndexError>([&] { index_select(x, 2, tensor({0})); }, "index_select: ", {"2"}));
  EXPECT_TRUE(
      fails_with<DTypeError>([&] { index_select(x, 0, f32({1})); }, "index_select: ", {"float32"}));
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] {
        index_select(x, 0, i64({1, 1}));
      },
      "index_select: ", {"[1, 1]"}));
}

TEST(StackErrors, NamesTheTensorThatDiffers) {
  EXPECT_TRUE(fails_with<ShapeError>(
      [] {
        stack({f32({2}), f32({2}), f32({3})});
      },
      "stack: ", {"2", "[2]", "[3]"}));
  EXPECT_TRUE(fails_with<ValueError>([] { stack({}); }, "stack: "));
}

}  // namespace
}  // namespace tarn::testing
