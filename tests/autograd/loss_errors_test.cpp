#include <ostream>

#include <gtest/gtest.h>

#include <tarn/autograd/ops.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>

#include "../tensor/expect_error.h"
#include "operands.h"

namespace tarn::testing {
namespace {

TEST(SoftmaxErrors, Dims) {
  EXPECT_TRUE(fails_with<IndexError>([] { softmax(f32({2, 3}), 2); }, "softmax: ", {"2"}));
  EXPECT_TRUE(fails_with<IndexError>(
      [] {
        log_softmax(f32({2, 3}), -3);
      },
      "log_softmax: ", {"-3"}));
}

using ClassLoss = Tensor (*)(const Tensor&, const Tensor&, std::int64_t ignore_index);
struct NamedClassLoss {
  const char* name;
  ClassLoss call;
  friend void PrintTo(const NamedClassLoss& op, std::ostream* out) { *out << op.name; }
};

class ClassLossErrors : public ::testing::TestWithParam<NamedClassLoss> {};

INSTANTIATE_TEST_SUITE_P(
    Ops, ClassLossErrors,
    ::testing::Values(
        NamedClassLoss{"nll_loss",
                       [](const Tensor& x, const Tensor& target, std::int64_t ignored) {
                         return nll_loss(x, target, {.ignore_index = ignored});
                       }},
        NamedClassLoss{"cross_entropy",
                       [](const Tensor& x, const Tensor& target, std::int64_t ignored) {
                         return cross_entropy(x, target, {.ignore_index = ignored});
                       }}),
    [](const auto& test) { return std::string(test.param.name); });

TEST_P(ClassLossErrors, NamesTheFirstBadTargetAndItsPosition) {
  const char* const name = GetParam().name;
  const auto call = GetParam().call;
  const std::string start = std::string(name) + ": ";
  std::vector<std::int64_t> labels(20, 9);
  labels[17] = 10;
  labels[19] = 11;
  EXPECT_TRUE(fails_with<ValueError>(
      [&] {
        call(f32({20, 10}), from_vector(labels, {20}), -100);
      },
      start + "target[17] = 10 is out of range for 10 classes", {"0..9", "-100"}));
  EXPECT_TRUE(fails_with<ValueError>(
      [&] {
        call(f32({2, 3}), tensor({0, -1}), -100);
      },
      start + "target[1] = -1", {"3 classes"}));
  EXPECT_TRUE(fails_with<ValueError>(
      [&] {
        call(f32({1, 3}), tensor({-100}), 255);
      },
      start + "target[0] = -100", {"255"}));
  EXPECT_TRUE(fails_with<ValueError>(
      [&] {
        call(f32({1, 0}), tensor({0}), -100);
      },
      start + "target[0] = 0", {"0 classes"}));
  EXPECT_TRUE(fails_with<ValueError>([&] { call(f32({3}), scalar_tensor(3), -100); },
                                     start + "target", {"3"}));
  EXPECT_TRUE(fails_with<ValueError>(
      [&] {
        call(f32({1, 3}), tensor({std::int64_t{1} << 62}), -100);
      },
      start + "target[0] = 4611686018427387904"));
}

TEST_P(ClassLossErrors, RefusesShapesAndTypesThatDoNotFit) {
  const char* const name = GetParam().name;
  const auto call = GetParam().call;
  const std::string start = std::string(name) + ": ";
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] {
        call(f32({4, 3}), i64({5}), -100);
      },
      start, {"[4, 3]", "[5]"}));
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] {
        call(f32({4, 3}), i64({4, 1}), -100);
      },
      start, {"[4, 3]", "[4, 1]"}));
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] {
        call(f32({4, 3}), i64({}), -100);
      },
      start, {"[4, 3]", "[]"}));
  EXPECT_TRUE(
      fails_with<ShapeError>([&] { call(f32({3}), i64({1}), -100); }, start, {"[3]", "[1]"}));
  EXPECT_TRUE(fails_with<ShapeError>([&] { call(f32({}), i64({}), -100); }, start, {"[]"}));
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] {
        call(f32({2, 3, 4}), i64({2, 4}), -100);
      },
      start, {"[2, 3, 4]"}));
  EXPECT_TRUE(fails_with<DTypeError>(
      [&] {
        call(f32({4, 3}), f32({4}), -100);
      },
      start, {"float32", "int64"}));
  EXPECT_TRUE(fails_with<DTypeError>(
      [&] {
        call(f32({4, 3}), ones({4}, {.dtype = kInt32}), -100);
      },
      start, {"int32"}));
  EXPECT_TRUE(fails_with<DTypeError>([&] { call(i64({4, 3}), i64({4}), -100); }, start, {"int64"}));
}

TEST(MseLossErrors, RefusesShapesThatWouldBroadcast) {
  EXPECT_TRUE(fails_with<ShapeError>(
      [] {
        mse_loss(f32({4}), f32({4, 1}));
      },
      "mse_loss: ", {"[4]", "[4, 1]"}));
  EXPECT_TRUE(
      fails_with<ShapeError>([] { mse_loss(f32({4}), f32({})); }, "mse_loss: ", {"[4]", "[]"}));
  EXPECT_TRUE(
      fails_with<DTypeError>([] { mse_loss(i64({4}), i64({4})); }, "mse_loss: ", {"int64"}));
}

}  // namespace
}  // namespace tarn::testing
