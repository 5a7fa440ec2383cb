#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/autograd/node.h>
#include <tarn/autograd/ops.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/random.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"

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
}

TEST(Methods, AnyAndAllLookAtAllElementsOrAlongADimension) {
  EXPECT_TRUE((a() > 1).any().item<bool>());
  EXPECT_FALSE((a() > 1).all().item<bool>());
  EXPECT_EQ((a() > 0).all(0).to_vector<int>(), (std::vector<int>{1, 0, 0}));
  EXPECT_EQ((a() < -2).any(-1).to_vector<int>(), (std::vector<int>{0, 1}));
  EXPECT_EQ(a().any(1, true).sizes(), (Shape{2, 1}));
  EXPECT_EQ(a().all(1).dtype(), kBool);
  EXPECT_EQ(tensor({0.5, std::nan("")}).all().item<bool>(), true) << "NaN is not 0";
  EXPECT_FALSE(zeros({0}).any().item<bool>());
  EXPECT_TRUE(zeros({0}).all().item<bool>());
  EXPECT_EQ(zeros({0, 2}).all(0).to_vector<int>(), (std::vector<int>{1, 1}));
  EXPECT_TRUE(tensor(3).any(0).item<bool>());
  EXPECT_TRUE(fails_with<IndexError>([] { a().any(2); }, "any"));
  EXPECT_TRUE(fails_with<IndexError>([] { a().all(-3); }, "all"));
  EXPECT_THROW(all(Tensor(), 0), ValueError);
}

TEST(Methods, OfMatricesAreTheFunctions) {
  EXPECT_TRUE(same_bits(a().mm(b().t()), matmul(a(), b().t())));
  EXPECT_TRUE(fails_with<ShapeError>([] { a().mm(a()[0]); }, "mm: shapes [2, 3] and [3]"));
  EXPECT_TRUE(fails_with<ShapeError>([] { a().mm(b()); }, "matmul: shapes [2, 3] and [2, 3]"));
}

TEST(Methods, NamedAfterAnotherTensorTakeItsShape) {
  EXPECT_TRUE(same_bits(b()[0].expand_as(a()), expand(b()[0], {2, 3})));
  EXPECT_TRUE(same_bits(a().flatten().view_as(b()), a()));
  EXPECT_TRUE(same_bits(a().flatten().reshape_as(b()), a()));
}

TEST(Methods, InPlaceWriteIntoTheirTensor) {
  const Tensor x = tensor({1, 2, 3});
  EXPECT_EQ(x.eq_(tensor({1, 0, 3})).to_vector<int>(), (std::vector<int>{1, 0, 1}));
  EXPECT_EQ(x.eq_(0).to_vector<int>(), (std::vector<int>{0, 1, 0}));
  EXPECT_EQ(x.dtype(), kInt64);
  Generator first(7), second(7);
  Tensor drawn, expected;
  {
    const GeneratorGuard guard(first);
    drawn = cat({zeros({9}).uniform_(2, 3), zeros({9}).normal_(1, 2)});
  }
  const GeneratorGuard guard(second);
  expected = cat({uniform_(zeros({9}), 2, 3), normal_(zeros({9}), 1, 2)});
  EXPECT_TRUE(same_bits(drawn, expected));
  EXPECT_TRUE(drawn.slice(0, 0, 9).ge(2).all().item<bool>());
}

TEST(Methods, AboutTheGraphShowTheOpAndLeaveIt) {
  const Tensor x = a().requires_grad_();
  const Tensor y = x * 2;
  EXPECT_FALSE(x.grad_fn());
  ASSERT_TRUE(y.grad_fn());
  EXPECT_STREQ(y.grad_fn()->name(), "mul");
  EXPECT_FALSE(y.data().requires_grad());
  y.data().fill_(3);
  EXPECT_EQ(y.detach()[0][0].item(), 3);
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
