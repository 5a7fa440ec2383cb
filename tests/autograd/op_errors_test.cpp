#include <cmath>

#include <gtest/gtest.h>

#include <tarn/autograd/ops.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>

#include "../tensor/expect_error.h"
#include "operands.h"

// Bad inputs: the right exception, whose text starts with the op's name and holds the values.
// Undefined inputs are tried on every op by the op table's own tests; two-operand ops, losses and
// views have files of their own.
namespace tarn::testing {
namespace {

TEST(PointwiseErrors, BoolAndProbability) {
  EXPECT_TRUE(fails_with<DTypeError>([] { neg(boolean({2})); }, "neg: ", {"bool"}));
  EXPECT_TRUE(fails_with<ValueError>([] { dropout(f32({2}), 1.5); }, "dropout: ", {"1.5"}));
  EXPECT_TRUE(fails_with<ValueError>([] { dropout(f32({2}), -0.1); }, "dropout: ", {"-0.1"}));
  EXPECT_TRUE(
      fails_with<ValueError>([] { dropout(f32({2}), std::nan("")); }, "dropout: ", {"nan"}));
  EXPECT_TRUE(fails_with<ValueError>([] { dropout(f32({2}), 1.5, false); }, "dropout: ", {"1.5"}))
      << "also in evaluation";
}

TEST(ReductionErrors, Dims) {
  const Tensor x = f32({2, 3});
  EXPECT_TRUE(fails_with<IndexError>([&] { sum(x, {2}); }, "sum: ", {"2", "2-d", "-2..1"}));
  EXPECT_TRUE(fails_with<IndexError>([&] { sum(x, {-3}); }, "sum: ", {"-3"}));
  EXPECT_TRUE(fails_with<IndexError>([&] { sum(x, {1, 1}); }, "sum: ", {"1"}));
  EXPECT_TRUE(fails_with<IndexError>([&] { sum(x, {1, -1}); }, "sum: ")) << "-1 is 1 again";
  EXPECT_TRUE(fails_with<IndexError>([&] { mean(x, {2}); }, "mean: ", {"2"}));
  EXPECT_TRUE(fails_with<IndexError>([&] { mean(x, {0, 0}); }, "mean: ", {"0"}));
  EXPECT_TRUE(fails_with<IndexError>([&] { argmax(x, 2); }, "argmax: ", {"2"}));
  EXPECT_TRUE(fails_with<ShapeError>([&] { argmax(f32({2, 0}), 1); }, "argmax: ", {"[2, 0]"}));
}

TEST(ReductionErrors, TypesAndShapes) {
  EXPECT_TRUE(fails_with<DTypeError>([] { mean(i64({2})); }, "mean: ", {"int64"}));
  EXPECT_TRUE(fails_with<DTypeError>([] { mean(i64({2, 3}), {0}); }, "mean: ", {"int64"}));
  EXPECT_TRUE(fails_with<ShapeError>(
      [] {
        sum_to(f32({2, 3}), {2});
      },
      "sum_to: ", {"[2, 3]", "[2]"}));
  EXPECT_TRUE(fails_with<ShapeError>(
      [] {
        sum_to(f32({3}), {2, 3});
      },
      "sum_to: ", {"[3]", "[2, 3]"}));
  EXPECT_TRUE(fails_with<ShapeError>(
      [] {
        sum_to(f32({1, 3}), {2, 3});
      },
      "sum_to: ", {"[1, 3]", "[2, 3]"}));
}

TEST(MatmulErrors, SizesDimensionsAndTypes) {
  EXPECT_TRUE(fails_with<ShapeError>(
      [] {
        matmul(f32({64, 783}), f32({784, 128}));
      },
      "matmul: ", {"[64, 783]", "[784, 128]", "783", "784"}));
  EXPECT_TRUE(
      fails_with<ShapeError>([] { matmul(f32({3}), f32({4})); }, "matmul: ", {"[3]", "[4]"}));
  EXPECT_TRUE(fails_with<ShapeError>(
      [] {
        matmul(f32({2, 3}), f32({2}));
      },
      "matmul: ", {"[2, 3]", "[2]"}));
  EXPECT_TRUE(fails_with<ShapeError>(
      [] {
        matmul(f32({3, 2, 2}), f32({2, 2, 2}));
      },
      "matmul: ", {"3", "2"}));
  EXPECT_TRUE(fails_with<ShapeError>([] { matmul(f32({}), f32({2})); }, "matmul: ", {"[]"}));
  EXPECT_TRUE(fails_with<DTypeError>(
      [] {
        matmul(boolean({2, 2}), boolean({2, 2}));
      },
      "matmul: ", {"bool"}));
  EXPECT_TRUE(fails_with<DTypeError>(
      [] {
        matmul(boolean({2, 2}), boolean({2, 2}));
      },
      "matmul: ", {"bool"}));
}

TEST(LinearErrors, SizesDimensionsAndTypes) {
  EXPECT_TRUE(fails_with<ShapeError>(
      [] {
        linear(f32({64, 783}), f32({128, 784}));
      },
      "linear: input has 783 features (shape [64, 783]) but weight is [128, 784]", {"784"}));
  EXPECT_TRUE(fails_with<ShapeError>([] { linear(f32({2, 3}), f32({3})); }, "linear: ", {"[3]"}));
  EXPECT_TRUE(fails_with<ShapeError>([] { linear(f32({}), f32({3, 1})); }, "linear: ", {"[]"}));
  EXPECT_TRUE(fails_with<ShapeError>(
      [] {
        linear(f32({2, 3}), f32({4, 3}), f32({3}));
      },
      "linear: ", {"[3]", "[4, 3]"}));
  EXPECT_TRUE(fails_with<ShapeError>(
      [] {
        linear(f32({2, 3}), f32({4, 3}), f32({1}));
      },
      "linear: ", {"[1]", "[4, 3]"}))
      << "a bias does not broadcast";
  EXPECT_TRUE(fails_with<DTypeError>(
      [] {
        linear(boolean({2, 3}), boolean({4, 3}));
      },
      "linear: ", {"bool"}));
}

TEST(PowErrors, IntegersToANegativePower) {
  EXPECT_TRUE(fails_with<ValueError>([] { pow(i64({2}), -1); }, "pow: ", {"-1"}))
      << "PyTorch: integers to negative powers";
  EXPECT_TRUE(fails_with<DTypeError>([] { pow(boolean({2}), true); }, "pow: ", {"bool"}));
}

}  // namespace
}  // namespace tarn::testing
