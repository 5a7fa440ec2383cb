#include <gtest/gtest.h>

#include <tarn/autograd/ops.h>
#include <tarn/tensor/factories.h>

#include "../tensor/closeness.h"

// The methods of Tensor are the functions of their names.
namespace tarn::testing {
namespace {

Tensor a() { return tensor({{0.5, -1.0, 2.0}, {2.0, 0.25, -3.0}}, {.dtype = kFloat64}); }
Tensor b() { return tensor({{0.5, 1.0, -2.0}, {3.0, 0.25, 1.0}}, {.dtype = kFloat64}); }
Tensor order() { return tensor({{2, 0, 1}}); }

TEST(Methods, OfArithmeticAreTheFunctions) {
  EXPECT_TRUE(same_bits(a().add(b()), a() + b()));
  EXPECT_TRUE(same_bits(a().add(b(), 2), add(a(), b(), 2)));
  EXPECT_TRUE(same_bits(a().sub(b(), 2), sub(a(), b(), 2)));
  EXPECT_TRUE(same_bits(a().mul(b()), a() * b()));
  EXPECT_TRUE(same_bits(a().div(b()), a() / b()));
  EXPECT_TRUE(same_bits(a().add(2), a() + 2));
  EXPECT_TRUE(same_bits(a().sub(2), a() - 2));
  EXPECT_TRUE(same_bits(a().mul(2), a() * 2));
  EXPECT_TRUE(same_bits(a().div(2), a() / 2));
  EXPECT_TRUE(same_bits(2 + a(), a() + 2));
  EXPECT_TRUE(same_bits(2 * a(), a() * 2));
}

TEST(Methods, OfComparisonsAreTheFunctions) {
  EXPECT_TRUE(same_bits(a().eq(b()), a() == b()));
  EXPECT_TRUE(same_bits(a().ne(b()), a() != b()));
  EXPECT_TRUE(same_bits(a().lt(b()), a() < b()));
  EXPECT_TRUE(same_bits(a().le(b()), a() <= b()));
  EXPECT_TRUE(same_bits(a().gt(b()), a() > b()));
  EXPECT_TRUE(same_bits(a().ge(b()), a() >= b()));
  EXPECT_TRUE(same_bits(a().eq(2), a() == 2));
  EXPECT_TRUE(same_bits(a().ne(2), a() != 2));
  EXPECT_TRUE(same_bits(a().lt(2), a() < 2));
  EXPECT_TRUE(same_bits(a().le(2), a() <= 2));
  EXPECT_TRUE(same_bits(a().gt(2), a() > 2));
  EXPECT_TRUE(same_bits(a().ge(2), a() >= 2));
  EXPECT_TRUE((a() > 1).any().item<bool>());
  EXPECT_FALSE((a() > 1).all().item<bool>());
}

TEST(Methods, OfShapesAndIndicesAreTheFunctions) {
  EXPECT_EQ(a().unsqueeze(0).unsqueeze(2).squeeze().sizes(), (Shape{2, 3}));
  EXPECT_TRUE(same_bits(a().repeat({2, 1, 2}), repeat(a(), {2, 1, 2})));
  EXPECT_TRUE(same_bits(a().scatter(1, order(), b()), scatter(a(), 1, order(), b())));
  EXPECT_TRUE(same_bits(a().scatter(1, order(), 7), scatter(a(), 1, order(), 7)));
  const Tensor x = a().clone();
  x.index_put_({1, Slice(1, None)}, 7);
  EXPECT_EQ(x.to_vector(), (std::vector<double>{0.5, -1, 2, 2, 7, 7}));
  EXPECT_TRUE(same_bits(zeros({2, 3}).scatter_(1, tensor({{2}, {0}}), 1),
                        tensor({{0.0, 0.0, 1.0}, {1.0, 0.0, 0.0}})));
}

}  // namespace
}  // namespace tarn::testing
