#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>

#include "expect_error.h"

namespace tarn::testing {
namespace {

using Values = std::vector<double>;
constexpr DType kAll[] = {kFloat32, kFloat64, kInt64, kInt32, kUInt8, kBool};

TEST(Factories, MakeFloat32OfRowMajorLayoutByDefault) {
  const Tensor x = zeros({2, 3, 4});
  EXPECT_EQ(x.dtype(), kFloat32);
  EXPECT_EQ(x.strides(), Shape({12, 4, 1}));
  EXPECT_EQ(x.numel(), 24);
  EXPECT_EQ(x.dim(), 3);
  EXPECT_TRUE(x.is_contiguous());
  EXPECT_FALSE(x.requires_grad());
  EXPECT_TRUE(x.is_leaf());
  EXPECT_EQ(x.version(), 0U);
}

TEST(Factories, FillEveryDtype) {
  for (const DType dtype : kAll) {
    EXPECT_EQ(zeros({3}, {.dtype = dtype}).to_vector(), (Values{0, 0, 0})) << name(dtype);
    EXPECT_EQ(ones({3}, {.dtype = dtype}).to_vector(), (Values{1, 1, 1})) << name(dtype);
    EXPECT_EQ(full({2}, 1, {.dtype = dtype}).to_vector(), (Values{1, 1})) << name(dtype);
    EXPECT_EQ(zeros({2}, {.dtype = dtype}).dtype(), dtype);
  }
  EXPECT_EQ(full({2}, 2.5).to_vector(), (Values{2.5, 2.5}));
  EXPECT_EQ(
      full({1}, std::numeric_limits<std::int64_t>::max(), {.dtype = kInt64}).item<std::int64_t>(),
      std::numeric_limits<std::int64_t>::max())
      << "not by way of a double";
}

TEST(Factories, AlignToCacheLines) {
  for (const std::int64_t n : {1, 3, 17, 1000, 100'000}) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(empty({n}).data_ptr<float>()) % 64, 0U);
  }
}

TEST(Factories, OfEmptyAndZeroDimShapes) {
  EXPECT_EQ(zeros({}).numel(), 1);
  EXPECT_EQ(zeros({}).to_vector(), (Values{0}));
  EXPECT_EQ(zeros({0}).numel(), 0);
  EXPECT_EQ(zeros({2, 0, 3}).sizes(), Shape({2, 0, 3}));
  EXPECT_TRUE(zeros({2, 0, 3}).to_vector().empty());
  const std::int64_t big = std::int64_t{1} << 40;
  EXPECT_EQ(zeros({0, big, big}).numel(), 0);
}

TEST(Factories, RefuseBadShapes) {
  EXPECT_TRUE(fails_with<ShapeError>([] { zeros({2, -1}); }, "shape [2, -1]", {"negative"}));
  EXPECT_TRUE(fails_with<ShapeError>([] { empty({std::int64_t{1} << 62}); }, "", {"overflow"}))
      << "in bytes";
  EXPECT_TRUE(fails_with<ShapeError>(
      [] {
        empty({std::int64_t{1} << 40, std::int64_t{1} << 40});
      },
      "", {"overflow"}));
}

TEST(Factories, AbsurdSizesAreOutOfMemoryAndNothingElse) {
  for (const Shape& shape : {Shape({100'000, 100'000, 100'000}), Shape({std::int64_t{1} << 55})}) {
    try {
      zeros(shape);
      FAIL() << "4e15 bytes were granted";
    } catch (const OutOfMemory& error) {
      EXPECT_GE(error.bytes, 4'000'000'000'000'000U);
      EXPECT_NE(std::string(error.what()).find(std::to_string(error.bytes)), std::string::npos)
          << error.what();
    }
    EXPECT_EQ(ones({3}).to_vector(), (Values{1, 1, 1})) << "the program goes on";
  }
}

TEST(Arange, CountsUp) {
  EXPECT_EQ(arange(4).to_vector(), (Values{0, 1, 2, 3}));
  EXPECT_EQ(arange(4).dtype(), kInt64);
  EXPECT_EQ(arange(3, {.dtype = kFloat32}).dtype(), kFloat32);
  EXPECT_EQ(arange(0).sizes(), Shape({0}));
  EXPECT_TRUE(fails_with<ValueError>([] { arange(-1); }, "arange: ", {"-1"}));
}

TEST(Eye, IsTheIdentity) {
  EXPECT_EQ(eye(2).to_vector(), (Values{1, 0, 0, 1}));
  EXPECT_EQ(eye(0).sizes(), Shape({0, 0}));
  EXPECT_ANY_THROW(eye(-1));
}

TEST(FromVector, KeepsTypeAndOrder) {
  EXPECT_EQ(from_vector<float>({1, 2, 3, 4, 5, 6}, {2, 3}).dtype(), kFloat32);
  EXPECT_EQ(from_vector<double>({1, 2}, {2}).dtype(), kFloat64);
  EXPECT_EQ(from_vector<std::int64_t>({1}, {}).dtype(), kInt64);
  EXPECT_EQ(from_vector<std::int32_t>({1}, {1}).dtype(), kInt32);
  EXPECT_EQ(from_vector<std::uint8_t>({255}, {1}).item(), 255);
  EXPECT_EQ(from_vector<bool>({true, false}, {2}).to_vector<bool>(),
            (std::vector<bool>{true, false}));
  EXPECT_EQ(from_vector<double>({1, 2, 3, 4, 5, 6}, {2, 3})[1][0].item(), 4);
  EXPECT_TRUE(from_vector<float>({1}, {1}, true).requires_grad());
}

TEST(FromVector, RefusesAnotherNumberOfElements) {
  EXPECT_TRUE(fails_with<ShapeError>(
      [] {
        from_vector<float>({1, 2, 3}, {2, 2});
      },
      "", {"3", "[2, 2]", "4"}));
  EXPECT_TRUE(fails_with<ShapeError>([] { from_vector<float>({}, {}); }, "", {"0", "[]", "1"}));
  EXPECT_TRUE(
      fails_with<DTypeError>([] { from_vector<std::int64_t>({1}, {1}, true); }, "", {"int64"}));
}

TEST(TensorLiteral, TakesTheTypeOfTheList) {
  EXPECT_EQ(tensor({1.5, 2.0}).dtype(), kFloat32);
  EXPECT_EQ(tensor({1.5F, 2.0F}).dtype(), kFloat32);
  EXPECT_EQ(tensor({1, 2}).dtype(), kInt64);
  EXPECT_EQ(tensor({std::int64_t{1} << 60}).item<std::int64_t>(), std::int64_t{1} << 60);
  EXPECT_EQ(tensor({0.1, 0.2}, {.dtype = kFloat64}).to_vector(), (Values{0.1, 0.2}));
  EXPECT_EQ(tensor({1, 2}, {.dtype = kUInt8}).dtype(), kUInt8);
}

TEST(TensorLiteral, OfRows) {
  const Tensor x = tensor({{1.0, 2.0}, {3.0, 4.0}, {5.0, 6.0}});
  EXPECT_EQ(x.sizes(), Shape({3, 2}));
  EXPECT_EQ(x[2][1].item(), 6);
  EXPECT_TRUE(fails_with<ShapeError>([] { tensor({{1.0, 2.0}, {3.0}}); }, "tensor: ", {"1", "2"}));
}

TEST(ScalarTensor, TakesTheTypeOfTheNumber) {
  EXPECT_EQ(scalar_tensor(1.5).dtype(), kFloat32);
  EXPECT_EQ(scalar_tensor(1).dtype(), kInt64);
  EXPECT_EQ(scalar_tensor(true).dtype(), kBool);
  EXPECT_EQ(scalar_tensor(1.5, {.dtype = kFloat64}).item(), 1.5);
  EXPECT_EQ(scalar_tensor(2).dim(), 0);
}

TEST(EmptyStrided, SpansJustWhatItReaches) {
  const Tensor x = empty_strided({2, 3}, {1, 2});
  EXPECT_EQ(x.strides(), Shape({1, 2}));
  EXPECT_TRUE(x.is_dense());
  EXPECT_FALSE(x.is_contiguous());
  EXPECT_EQ(x.impl().storage()->bytes(), 6 * sizeof(float));
  EXPECT_EQ(empty_strided({2, 3}, {10, 2}).impl().storage()->bytes(), (10 + 4 + 1) * sizeof(float));
  EXPECT_EQ(empty_strided({2, 0}, {10, 2}).impl().storage()->bytes(), 0U);
  EXPECT_TRUE(fails_with<ShapeError>(
      [] {
        empty_strided({2, 3}, {1});
      },
      "empty_strided: ", {"[2, 3]", "[1]"}));
  EXPECT_TRUE(fails_with<ShapeError>(
      [] {
        empty_strided({2, 3}, {-1, 2});
      },
      "empty_strided: ", {"[-1, 2]"}));
  EXPECT_TRUE(fails_with<ShapeError>(
      [] {
        empty_strided({3, 3}, {std::int64_t{1} << 62, 1});
      },
      "empty_strided: ", {"overflow"}));
}

TEST(EmptyLike, KeepsDenseLayouts) {
  const Tensor transposed = zeros({2, 3}).t();
  EXPECT_EQ(empty_like(transposed).strides(), transposed.strides());
  EXPECT_EQ(zeros_like(transposed).strides(), transposed.strides());
  EXPECT_EQ(ones_like(transposed).to_vector(), Values(6, 1.0));
  EXPECT_EQ(empty_like(zeros({4, 6}).slice(1, 0, 6, 2)).strides(), Shape({3, 1}));
  EXPECT_EQ(empty_like(zeros({1, 3}).expand({2, 3})).strides(), Shape({3, 1}));
  EXPECT_EQ(empty_like(zeros({2}), kInt32).dtype(), kInt32);
  EXPECT_FALSE(zeros_like(zeros({2}, {.requires_grad = true})).requires_grad());
}

}  // namespace
}  // namespace tarn::testing
