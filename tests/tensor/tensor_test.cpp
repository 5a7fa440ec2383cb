#include <cmath>
#include <cstdint>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/tensor.h>

#include "closeness.h"
#include "expect_error.h"

namespace tarn::testing {
namespace {

using Values = std::vector<double>;

// `x[0] = y` would change nothing but a temporary handle.
static_assert(std::is_assignable_v<Tensor&, Tensor>);
static_assert(!std::is_assignable_v<Tensor, Tensor>);

TEST(TensorHandle, CopiesShareElements) {
  const Tensor a = zeros({3});
  const Tensor b = a;
  b.fill_(5);
  EXPECT_EQ(a.to_vector(), (Values{5, 5, 5}));
  EXPECT_TRUE(a.is_same(b));
  EXPECT_FALSE(a.is_same(a.clone()));
  EXPECT_FALSE(a.is_same(a.detach()));
}

TEST(TensorHandle, AnUndefinedOneRefusesEverything) {
  const Tensor x;
  EXPECT_FALSE(x.defined());
  EXPECT_TRUE(fails_with<ValueError>([&] { (void)x.sizes(); }, "", {"undefined"}));
  EXPECT_TRUE(fails_with<ValueError>([&] { (void)x.dtype(); }, "", {"undefined"}));
  EXPECT_TRUE(fails_with<ValueError>([&] { (void)x.dim(); }, "", {"undefined"}));
  EXPECT_TRUE(fails_with<ValueError>([&] { (void)x.item(); }, "", {"undefined"}));
  EXPECT_TRUE(fails_with<ValueError>([&] { (void)x.to_vector(); }, "", {"undefined"}));
  EXPECT_TRUE(fails_with<ValueError>([&] { (void)x.data_ptr<float>(); }, "", {"undefined"}));
  EXPECT_TRUE(fails_with<ValueError>([&] { (void)x.requires_grad(); }, "", {"undefined"}));
  EXPECT_TRUE(fails_with<ValueError>([&] { (void)x.grad(); }, "", {"undefined"}));
  EXPECT_TRUE(fails_with<ValueError>([&] { (void)x.detach(); }, "", {"undefined"}));
  EXPECT_TRUE(fails_with<ValueError>([&] { x.requires_grad_(); }, "", {"undefined"}));
  EXPECT_TRUE(fails_with<ValueError>([&] { (void)x[0]; }, "", {"undefined"}));
  EXPECT_TRUE(fails_with<ValueError>([&] { (void)zeros_like(x); }, "", {"undefined"}));
}

TEST(TensorSize, CountsFromTheEnd) {
  const Tensor x = zeros({2, 3});
  EXPECT_EQ(x.size(0), 2);
  EXPECT_EQ(x.size(-1), 3);
  EXPECT_EQ(x.stride(0), 3);
  EXPECT_EQ(x.stride(-1), 1);
  EXPECT_TRUE(fails_with<IndexError>([&] { (void)x.size(2); }, "size: ", {"2"}));
  EXPECT_TRUE(fails_with<IndexError>([&] { (void)x.stride(-3); }, "stride: ", {"-3"}));
  EXPECT_TRUE(fails_with<IndexError>([] { (void)zeros({}).size(0); }, "size: ", {"0-d"}));
}

TEST(TensorItem, ConvertsTheOneElement) {
  EXPECT_EQ(full({}, 2.5).item(), 2.5);
  EXPECT_EQ(full({1, 1}, 2.5).item<int>(), 2);
  EXPECT_EQ(full({1}, 7, {.dtype = kUInt8}).item<float>(), 7.0F);
  EXPECT_TRUE(full({1}, true, {.dtype = kBool}).item<bool>());
  EXPECT_EQ(tensor({(std::int64_t{1} << 60) + 1}).item<std::int64_t>(),
            (std::int64_t{1} << 60) + 1);
  EXPECT_EQ(zeros({4, 4}).slice(0, 1, 2).slice(1, 2, 3).item(), 0) << "of a view with strides";
  EXPECT_TRUE(fails_with<ValueError>(
      [] {
        (void)zeros({3, 4}).item();
      },
      "item: ", {"12", "[3, 4]"}));
  EXPECT_TRUE(
      fails_with<ValueError>([] { (void)zeros({0}).item(); }, "item: ", {"0 elements", "[0]"}));
}

TEST(TensorToVector, IsRowMajorWhateverTheLayout) {
  const Tensor x = from_vector<float>({1, 2, 3, 4, 5, 6}, {2, 3});
  EXPECT_EQ(x.t().to_vector(), (Values{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(x.slice(1, 0, 3, 2).to_vector(), (Values{1, 3, 4, 6}));
  EXPECT_EQ(x.narrow(0, 1, 1).expand({2, 3}).to_vector(), (Values{4, 5, 6, 4, 5, 6}));
  EXPECT_EQ(x.to_vector<std::int32_t>(), (std::vector<std::int32_t>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(tensor({0.0, 0.5, -1.0}).to_vector<bool>(), (std::vector<bool>{false, true, true}));
  EXPECT_TRUE(zeros({0, 3}).to_vector().empty());
}

TEST(TensorDataPtr, ChecksTheType) {
  const Tensor x = zeros({2});
  EXPECT_NE(x.data_ptr<float>(), nullptr);
  EXPECT_TRUE(fails_with<DTypeError>([&] { (void)x.data_ptr<double>(); },
                                     "data_ptr: ", {"float32", "float64"}));
  EXPECT_TRUE(fails_with<DTypeError>([&] { (void)x.data_ptr<std::int32_t>(); },
                                     "data_ptr: ", {"float32", "int32"}));
}

TEST(TensorLayout, ContiguousAndDense) {
  const Tensor x = zeros({2, 3, 4});
  EXPECT_TRUE(x.is_contiguous());
  EXPECT_TRUE(x.permute({2, 0, 1}).is_dense());
  EXPECT_FALSE(x.permute({2, 0, 1}).is_contiguous());
  EXPECT_FALSE(x.slice(2, 0, 4, 2).is_dense());
  EXPECT_FALSE(x.slice(1, 0, 2).is_dense());
  EXPECT_TRUE(x.slice(0, 1, 2).is_contiguous());
  EXPECT_FALSE(zeros({1, 3}).expand({2, 3}).is_dense());
  EXPECT_TRUE(zeros({3}).expand({1, 3}).is_contiguous());
  EXPECT_TRUE(zeros({3, 1}).t().is_contiguous())
      << "a dimension of size 1 has no stride to speak of";
  EXPECT_TRUE(zeros({0, 3}).t().is_contiguous());
  EXPECT_TRUE(zeros({}).is_contiguous());
  EXPECT_FALSE(empty_strided({2, 2}, {1, 1}).is_dense()) << "overlapping";
}

TEST(TensorClone, OwnsItsElementsAndKeepsADenseLayout) {
  const Tensor x = from_vector<float>({1, 2, 3, 4, 5, 6}, {2, 3}).t();
  const Tensor copy = x.clone();
  EXPECT_EQ(copy.strides(), x.strides());
  x.fill_(0);
  EXPECT_EQ(copy.to_vector(), (Values{1, 4, 2, 5, 3, 6}));
  EXPECT_TRUE(x.slice(0, 0, 3, 2).clone().is_contiguous());
}

TEST(TensorContiguous, IsTheTensorItselfWherePossible) {
  const Tensor x = from_vector<float>({1, 2, 3, 4}, {2, 2});
  EXPECT_TRUE(x.contiguous().is_same(x));
  EXPECT_TRUE(x.t().contiguous().is_contiguous());
  EXPECT_EQ(x.t().contiguous().to_vector(), (Values{1, 3, 2, 4}));
}

TEST(TensorCopy, BetweenAllLayouts) {
  // 3-d tensors whose dimensions lie in memory in any order, with and without gaps.
  const Shape sizes = {3, 4, 5};
  const Tensor source_values = arange(60, {.dtype = kFloat32}).view(sizes);
  const Shape orders[] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
  const auto laid_out = [&](const Shape& order, bool gaps) {
    Shape strides = sizes;
    std::int64_t stride = gaps ? 2 : 1;
    for (int i = 2; i >= 0; --i) {
      const int d = static_cast<int>(order[i]);
      strides[d] = stride;
      stride *= sizes[d] + (gaps ? 1 : 0);
    }
    return empty_strided(sizes, strides);
  };
  for (const Shape& from : orders) {
    for (const Shape& to : orders) {
      for (const bool gaps : {false, true}) {
        const Tensor source = laid_out(from, gaps);
        source.copy_(source_values);
        const Tensor target = laid_out(to, !gaps);
        target.copy_(source);
        ASSERT_TRUE(same_bits(target, source_values))
            << to_string(from) << " to " << to_string(to) << " gaps " << gaps;
      }
    }
  }
}

TEST(TensorCopy, OfEightDimensions) {
  const Tensor x = arange(256, {.dtype = kFloat32}).view({2, 2, 2, 2, 2, 2, 2, 2});
  const Tensor reversed = x.permute({7, 6, 5, 4, 3, 2, 1, 0}).clone().contiguous();
  for (std::int64_t i = 0; i < 256; ++i) {
    std::int64_t mirrored = 0;
    for (int bit = 0; bit < 8; ++bit) mirrored |= (i >> bit & 1) << (7 - bit);
    ASSERT_EQ(reversed.to_vector()[static_cast<std::size_t>(i)], static_cast<double>(mirrored));
  }
}

TEST(TensorVersion, CountsWritesOverAllViews) {
  const Tensor x = zeros({4});
  const Tensor view = x.view({2, 2});
  EXPECT_EQ(x.version(), 0U);
  view.fill_(1);
  x.add_(1);
  EXPECT_EQ(x.version(), 2U);
  EXPECT_EQ(view.version(), 2U);
  EXPECT_EQ(x.clone().version(), 0U);
}

TEST(TensorDetach, HasTheSameElementsAndStrides) {
  const Tensor x = from_vector<float>({1, 2, 3, 4}, {2, 2}).t();
  const Tensor d = x.detach();
  EXPECT_EQ(d.strides(), x.strides());
  EXPECT_EQ(d.data_ptr<float>(), x.data_ptr<float>());
}

}  // namespace
}  // namespace tarn::testing
