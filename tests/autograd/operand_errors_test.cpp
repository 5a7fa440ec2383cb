#include <ostream>

#include <gtest/gtest.h>

#include <tarn/autograd/ops.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>

#include "../tensor/expect_error.h"
#include "operands.h"

// What ops of two tensors and in-place ops refuse.
namespace tarn::testing {
namespace {

using Binary = Tensor (*)(const Tensor&, const Tensor&);
struct NamedBinary {
  const char* name;
  Binary call;
  friend void PrintTo(const NamedBinary& op, std::ostream* out) { *out << op.name; }
};

// Ops of two tensors, by what they refuse.
class BroadcastErrors : public ::testing::TestWithParam<NamedBinary> {};
class BoolErrors : public ::testing::TestWithParam<NamedBinary> {};
class InPlaceErrors : public ::testing::TestWithParam<NamedBinary> {};
class InPlaceDtypeErrors : public ::testing::TestWithParam<NamedBinary> {};

constexpr NamedBinary kAdd{"add", [](const Tensor& a, const Tensor& b) { return add(a, b); }};
constexpr NamedBinary kSub{"sub", [](const Tensor& a, const Tensor& b) { return sub(a, b); }};
constexpr NamedBinary kMul{"mul", [](const Tensor& a, const Tensor& b) { return mul(a, b); }};
constexpr NamedBinary kDiv{"div", [](const Tensor& a, const Tensor& b) { return div(a, b); }};
constexpr NamedBinary kEq{"eq", [](const Tensor& a, const Tensor& b) { return eq(a, b); }};
constexpr NamedBinary kAddInPlace{
    "add_", [](const Tensor& a, const Tensor& b) { return Tensor(a.add_(b)); }};
constexpr NamedBinary kSubInPlace{
    "sub_", [](const Tensor& a, const Tensor& b) { return Tensor(a.sub_(b)); }};
constexpr NamedBinary kMulInPlace{
    "mul_", [](const Tensor& a, const Tensor& b) { return Tensor(a.mul_(b)); }};
constexpr NamedBinary kDivInPlace{
    "div_", [](const Tensor& a, const Tensor& b) { return Tensor(a.div_(b)); }};
constexpr NamedBinary kCopyInPlace{
    "copy_", [](const Tensor& a, const Tensor& b) { return Tensor(a.copy_(b)); }};

std::string op_name(const ::testing::TestParamInfo<NamedBinary>& test) { return test.param.name; }

INSTANTIATE_TEST_SUITE_P(Ops, BroadcastErrors,
                         ::testing::Values(kAdd, kSub, kMul, kDiv, kEq, kAddInPlace, kSubInPlace,
                                           kMulInPlace, kDivInPlace, kCopyInPlace),
                         op_name);
INSTANTIATE_TEST_SUITE_P(Ops, BoolErrors,
                         ::testing::Values(kAdd, kSub, kMul, kAddInPlace, kSubInPlace, kMulInPlace,
                                           kDivInPlace),
                         op_name);
INSTANTIATE_TEST_SUITE_P(Ops, InPlaceErrors,
                         ::testing::Values(kAddInPlace, kSubInPlace, kMulInPlace, kDivInPlace,
                                           kCopyInPlace),
                         op_name);
INSTANTIATE_TEST_SUITE_P(Ops, InPlaceDtypeErrors,
                         ::testing::Values(kAddInPlace, kSubInPlace, kMulInPlace, kDivInPlace),
                         op_name);

TEST_P(BroadcastErrors, NameTheShapes) {
  const char* const name = GetParam().name;
  const auto call = GetParam().call;
  const std::string start = std::string(name) + ": ";
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] {
        call(f32({3, 4}), f32({5}));
      },
      start, {"[3, 4]", "[5]"}));
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] {
        call(f32({2, 3, 4}), f32({2, 4}));
      },
      start, {"[2, 3, 4]", "[2, 4]"}));
  EXPECT_TRUE(fails_with<ShapeError>([&] { call(f32({0}), f32({2})); }, start, {"[0]", "[2]"}));
}

TEST_P(InPlaceErrors, RefuseAnOperandLargerThanTheTarget) {
  const char* const name = GetParam().name;
  const auto call = GetParam().call;
  const Tensor target = f32({1, 4});
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] {
        call(target, f32({3, 4}));
      },
      std::string(name) + ": ", {"[1, 4]", "[3, 4]"}));
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] {
        call(f32({4}), f32({1, 4}));
      },
      std::string(name) + ": ", {"[4]", "[1, 4]"}));
  EXPECT_EQ(target.to_vector(), std::vector<double>(4, 1.0));
}

TEST_P(BoolErrors, NameTheType) {
  const char* const name = GetParam().name;
  const auto call = GetParam().call;
  EXPECT_TRUE(fails_with<DTypeError>([&] { call(boolean({2}), boolean({2})); },
                                     std::string(name) + ": ", {"bool"}));
}

TEST_P(InPlaceDtypeErrors, RefuseResultsThatTheTargetCannotHold) {
  const char* const name = GetParam().name;
  const auto call = GetParam().call;
  const Tensor target = full({2}, 7, {.dtype = kInt64});
  EXPECT_TRUE(fails_with<DTypeError>([&] { call(target, f32({2})); }, std::string(name) + ": ",
                                     {"int64", "float32"}));
  EXPECT_EQ(target.to_vector(), std::vector<double>(2, 7.0));
  EXPECT_EQ(target.version(), 0U) << "a refused op did not write";
}

TEST_P(InPlaceErrors, RefuseToWriteToOverlappingElements) {
  const char* const name = GetParam().name;
  const auto call = GetParam().call;
  const Tensor row = f32({4});
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] {
        call(row.expand({3, 4}), f32({3, 4}));
      },
      std::string(name) + ": ", {"[3, 4]"}));
  EXPECT_EQ(row.to_vector(), std::vector<double>(4, 1.0));
}

TEST_P(InPlaceErrors, NameThemselvesForUndefinedTensors) {
  const char* const name = GetParam().name;
  const auto call = GetParam().call;
  const std::string start = std::string(name) + ": ";
  EXPECT_TRUE(fails_with<ValueError>([&] { call(Tensor(), f32({2})); }, start,
                                     {"argument 1", "undefined"}));
  EXPECT_TRUE(fails_with<ValueError>([&] { call(f32({2}), Tensor()); }, start,
                                     {"argument 2", "undefined"}));
}

TEST(ScalarInPlaceErrors, UndefinedTensors) {
  EXPECT_TRUE(fails_with<ValueError>([] { Tensor().add_(1); }, "add_: ", {"undefined"}));
  EXPECT_TRUE(fails_with<ValueError>([] { Tensor().div_(1); }, "div_: ", {"undefined"}));
  EXPECT_TRUE(fails_with<ValueError>([] { Tensor().fill_(1); }, "fill_: ", {"undefined"}));
  EXPECT_TRUE(fails_with<ValueError>([] { Tensor().clamp_(0, 1); }, "clamp_: ", {"undefined"}));
}

TEST(ScalarInPlaceErrors, OverlapAndDtype) {
  const Tensor wide = f32({4}).expand({3, 4});
  EXPECT_TRUE(fails_with<ShapeError>([&] { wide.fill_(2); }, "fill_: ", {"[3, 4]"}));
  EXPECT_TRUE(fails_with<ShapeError>([&] { wide.clamp_(0, 1); }, "clamp_: ", {"[3, 4]"}));
  EXPECT_TRUE(fails_with<ShapeError>([&] { wide.add_(1); }, "add_: ", {"[3, 4]"}));
  EXPECT_TRUE(fails_with<ShapeError>([&] { wide.mul_(2.0); }, "mul_: ", {"[3, 4]"}));
  const Tensor integers = i64({3});
  EXPECT_TRUE(fails_with<DTypeError>([&] { integers.add_(1.5); }, "add_: ", {"int64"}));
  EXPECT_TRUE(fails_with<DTypeError>([&] { integers.mul_(0.5); }, "mul_: ", {"int64"}));
  EXPECT_TRUE(fails_with<DTypeError>([&] { integers.div_(2); }, "div_: ", {"int64"}));
  EXPECT_TRUE(
      fails_with<ValueError>([&] { integers.add_(integers, 2.5); }, "add_: ", {"2.5", "int64"}));
  EXPECT_TRUE(
      fails_with<ValueError>([&] { integers.sub_(integers, 2.5); }, "sub_: ", {"2.5", "int64"}));
  EXPECT_EQ(integers.to_vector(), std::vector<double>(3, 1.0));
  const Tensor bytes = zeros({2}, {.dtype = kUInt8});
  EXPECT_TRUE(fails_with<ValueError>([&] { bytes.fill_(-1.5); }, "-1.5 does not fit into uint8"));
  EXPECT_TRUE(fails_with<ValueError>([&] { bytes.fill_(256); }, "256 does not fit into uint8"));
  EXPECT_EQ(bytes.fill_(-1).to_vector(), std::vector<double>(2, 255.0)) << "as in PyTorch";
  EXPECT_TRUE(fails_with<DTypeError>([&] { boolean({2}).clamp_(0, 1); }, "clamp_: ", {"bool"}));
  EXPECT_TRUE(fails_with<ValueError>([&] { f32({2}).clamp_(2, 1); }, "clamp: ", {"2", "1"}));
}

TEST(ProductErrors, NameTypesAndShapes) {
  const Tensor bytes = zeros({2, 4}, {.dtype = kUInt8});
  EXPECT_TRUE(fails_with<DTypeError>(
      [&] {
        linear(bytes, zeros({3, 4}));
      },
      "linear", {"uint8 [2, 4] and float32 [3, 4]", ".to()"}));
  EXPECT_TRUE(fails_with<DTypeError>(
      [&] {
        matmul(bytes, zeros({4, 3}));
      },
      "matmul", {"uint8 [2, 4] and float32 [4, 3]", ".to()"}));
}

TEST(ArithmeticErrors, AlphaOfIntegersIsAnInteger) {
  EXPECT_TRUE(
      fails_with<ValueError>([] { add(i64({2}), i64({2}), 2.5); }, "add: ", {"2.5", "int64"}));
  EXPECT_TRUE(
      fails_with<ValueError>([] { sub(i64({2}), i64({2}), 2.5); }, "sub: ", {"2.5", "int64"}));
}

}  // namespace
}  // namespace tarn::testing
