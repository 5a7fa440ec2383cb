#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"

namespace tarn {
namespace {

using testing::fails_with;
using testing::same_bits;

TEST(TorchFactories, TakeTypesDevicesAndChainedOptions) {
  EXPECT_EQ(torch::zeros({2, 3}).dtype(), torch::kFloat);
  EXPECT_EQ(torch::zeros(4, torch::kCPU).sizes(), Shape({4}));
  EXPECT_EQ(torch::ones({2}, torch::kLong).dtype(), torch::kInt64);
  EXPECT_TRUE(torch::ones({2, 2}, torch::requires_grad()).requires_grad());
  const torch::Tensor x =
      torch::empty({3}, torch::TensorOptions().dtype(torch::kDouble).requires_grad(true));
  EXPECT_TRUE(x.dtype() == torch::kF64 && x.requires_grad() && x.is_leaf());
  const torch::Device device(torch::kCPU);
  EXPECT_EQ(torch::randn({2, 5}, device).sizes(), Shape({2, 5}));
  EXPECT_EQ(torch::rand(3, torch::dtype(torch::kFloat64)).dtype(), torch::kFloat64);
  EXPECT_EQ(torch::eye(3, torch::kInt).sum().item<int>(), 3);
  EXPECT_EQ(torch::randperm(5).sort().values.to_vector<int>(), (std::vector<int>{0, 1, 2, 3, 4}));
  EXPECT_EQ(torch::linspace(0, 1, 5)[1].item<float>(), 0.25F);
  const torch::Tensor drawn = torch::randint(3, 7, {1000});
  EXPECT_TRUE(drawn.min().item<int>() == 3 && drawn.max().item<int>() == 6);
  EXPECT_EQ(torch::randint(2, {1000}).max().item<int>(), 1);
  EXPECT_TRUE(fails_with<ValueError>([] { torch::zeros({2}, torch::kCUDA); }, "to(cuda)"));
}

TEST(TorchFactories, FullHasTheTypeOfItsValue) {
  EXPECT_EQ(torch::full({2}, 1).dtype(), torch::kLong);
  EXPECT_EQ(torch::full({2}, 1.5).dtype(), torch::kFloat);
  EXPECT_EQ(torch::full({2}, true).dtype(), torch::kBool);
  EXPECT_EQ(torch::full({2}, 1, torch::kFloat).dtype(), torch::kFloat);
}

TEST(TorchFactories, TensorHasTheTypeOfItsNumbers) {
  EXPECT_EQ(torch::tensor(7L, torch::kLong).item<int64_t>(), 7);
  EXPECT_EQ(torch::tensor({0.1, 1.0}).dtype(), torch::kFloat);
  EXPECT_EQ(torch::tensor({{1, 2}, {3, 4}}).dtype(), torch::kLong);
  EXPECT_EQ(torch::tensor({0.1, 1.0, 0.0001}, torch::kFloat).sizes(), Shape({3}));
  EXPECT_EQ(torch::tensor(std::vector<double>{1.5}).dtype(), torch::kFloat);
  EXPECT_EQ(torch::tensor(std::vector<double>{1.5}, torch::kDouble).item(), 1.5);
  EXPECT_EQ(torch::tensor(std::vector<int>{1, 2}).dtype(), torch::kLong);
  EXPECT_EQ(torch::tensor(std::vector<uint8_t>{200}).dtype(), torch::kByte);
  EXPECT_TRUE(torch::tensor(std::vector<float>{1}, torch::requires_grad()).requires_grad());
}

TEST(TorchArange, CountsInTheTypeOfItsBounds) {
  EXPECT_EQ(torch::arange(3).to_vector<int>(), (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(torch::arange(1, 4).dtype(), torch::kLong);
  EXPECT_EQ(torch::arange(0, 10, 5, torch::kFloat).to_vector<float>(), (std::vector<float>{0, 5}));
}

TEST(TorchFromBlob, SharesMemoryAndCallsTheDeleterLast) {
  std::vector<float> numbers = {1, 2, 3, 4, 5, 6};
  int deleted = 0;
  {
    torch::Tensor row;
    {
      const torch::Tensor x = torch::from_blob(numbers.data(), {2, 3}, [&](void*) { ++deleted; });
      row = x[1];
    }
    row.mul_(10);
    EXPECT_EQ(deleted, 0);
  }
  EXPECT_EQ(deleted, 1);
  EXPECT_EQ(numbers, (std::vector<float>{1, 2, 3, 40, 50, 60}));
  std::vector<std::uint8_t> bytes = {1, 2, 255};
  const torch::Tensor b = torch::from_blob(bytes.data(), {3}, torch::kUInt8);
  EXPECT_EQ(b.to(torch::kFloat).sum().item<float>(), 258);
  std::vector<std::int64_t> longs = {5};
  EXPECT_EQ(torch::from_blob(longs.data(), {1}, torch::kLong).item<int64_t>(), 5);
  EXPECT_TRUE(fails_with<ValueError>([] { torch::from_blob(nullptr, {1}); }, "from_blob"));
}

TEST(TorchFunctions, AreFoundUnqualifiedWithoutAmbiguity) {
  using namespace torch;  // NOLINT(google-build-using-namespace): what programs do
  const torch::Tensor x = torch::tensor({{0.5, 1.5}, {2.0, 0.1}});
  const torch::Tensor y = torch::tensor({0, 1});
  const torch::Tensor loss = torch::nll_loss(log_softmax(x, 1), y);
  EXPECT_TRUE(same_bits(loss, torch::cross_entropy_loss(x, y)));
  EXPECT_EQ(torch::mm(x, x.t()).sizes(), x.sizes());
}

TEST(TorchLossFunctions, ReduceAsAsked) {
  const torch::Tensor log_p = torch::log_softmax(torch::tensor({{1.0, 2.0}, {0.5, 0.1}}), 1);
  const torch::Tensor y = torch::tensor({1, 0});
  const torch::Tensor each = -torch::stack({log_p[0][1], log_p[1][0]});
  EXPECT_TRUE(torch::allclose(torch::nll_loss(log_p, y), each.mean()));
  EXPECT_TRUE(
      torch::allclose(torch::nll_loss(log_p, y, /*weight=*/{}, torch::Reduction::Sum), each.sum()));
  EXPECT_TRUE(torch::allclose(torch::nll_loss(log_p, y, {}, torch::Reduction::None), each));
  const torch::Tensor a = torch::tensor({0.2, 0.7});
  const torch::Tensor b = torch::tensor({0.0, 1.0});
  EXPECT_TRUE(torch::allclose(torch::mse_loss(a, b, torch::Reduction::Sum), torch::tensor(0.13)));
  EXPECT_TRUE(torch::allclose(torch::l1_loss(a, b), torch::tensor(0.25)));
  EXPECT_TRUE(torch::allclose(torch::smooth_l1_loss(a, b), torch::tensor(0.0325)));
  EXPECT_TRUE(torch::allclose(torch::huber_loss(a, b), torch::tensor(0.0325)));
  const torch::Tensor bce = -(torch::log(torch::tensor(0.8)) + torch::log(torch::tensor(0.7))) / 2;
  EXPECT_TRUE(torch::allclose(torch::binary_cross_entropy(a, b), bce));
  EXPECT_TRUE(
      torch::allclose(torch::binary_cross_entropy_with_logits(torch::log(a / (1 - a)), b), bce));
  EXPECT_TRUE(fails_with<ValueError>([&] { torch::mse_loss(a, b, 7); }, "reduction = 7"));
}

TEST(TorchWindowFunctions, TakeListsOfNumbers) {
  const torch::Tensor x = torch::arange(32, torch::kFloat).view({1, 2, 4, 4});
  EXPECT_TRUE(same_bits(torch::max_pool2d(x, 2), max_pool2d(x, {.kernel_size = 2})));
  EXPECT_TRUE(same_bits(torch::avg_pool2d(x, {2, 1}, {1, 2}),
                        avg_pool2d(x, {.kernel_size = {2, 1}, .stride = {1, 2}})));
  const torch::Tensor w = torch::ones({1, 2, 2, 2});
  EXPECT_TRUE(same_bits(torch::conv2d(x, w, {}, 2, {1, 0}),
                        conv2d(x, w, {}, {.stride = 2, .padding = {1, 0}})));
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] {
        torch::max_pool2d(x, {1, 2, 3});
      },
      "expected one number or two", {"[1, 2, 3]"}));
}

TEST(TorchNnFunctional, TakesTheLayersOptions) {
  namespace F = torch::nn::functional;
  const torch::Tensor x = torch::arange(32, torch::kFloat).view({1, 2, 4, 4}) / 10;
  EXPECT_TRUE(same_bits(F::max_pool2d(x, F::MaxPool2dFuncOptions(2).stride(1)),
                        torch::max_pool2d(x, 2, 1)));
  EXPECT_TRUE(same_bits(F::avg_pool2d(x, F::AvgPool2dFuncOptions(2)), torch::avg_pool2d(x, 2)));
  EXPECT_TRUE(same_bits(F::softmax(x, F::SoftmaxFuncOptions(1)), torch::softmax(x, 1)));
  EXPECT_TRUE(same_bits(F::log_softmax(x, 1), torch::log_softmax(x, 1)));
  EXPECT_TRUE(same_bits(F::leaky_relu(-x - 1, F::LeakyReLUFuncOptions().negative_slope(0.3)),
                        (-x - 1) * 0.3));
  EXPECT_TRUE(same_bits(F::elu(x), x));
  EXPECT_TRUE(same_bits(F::dropout(x, F::DropoutFuncOptions().p(0.9)), x));
  EXPECT_FALSE(torch::equal(F::dropout(x, F::DropoutFuncOptions().p(0.9).training(true)), x));
  const torch::Tensor w = torch::ones({2, 1, 3, 3});
  EXPECT_TRUE(same_bits(F::conv2d(x, w, F::Conv2dFuncOptions().padding(1).groups(2)),
                        conv2d(x, w, {}, {.padding = 1, .groups = 2})));
  const torch::Tensor logits = torch::tensor({{1.0, 2.0}, {0.5, 0.1}});
  const torch::Tensor y = torch::tensor({1, 0});
  EXPECT_TRUE(torch::allclose(
      F::cross_entropy(logits, y, F::CrossEntropyFuncOptions().reduction(torch::kSum)),
      F::nll_loss(F::log_softmax(logits, 1), y) * 2));
  EXPECT_EQ(F::mse_loss(logits, logits).item<float>(), 0);
  EXPECT_TRUE(same_bits(F::linear(logits, torch::ones({1, 2})), logits.sum(1, true)));
}

TEST(TorchTensor, HasTheMethodsThatProgramsUse) {
  const torch::Tensor x = torch::tensor({{1.0, 2.0}, {3.0, 4.0}});
  EXPECT_TRUE(same_bits(x.mm(x.t()), torch::matmul(x, x.t())));
  EXPECT_TRUE(x.eq(x.data()).all().item<bool>());
  EXPECT_FALSE(x.gt(4).any().item<bool>());
  EXPECT_EQ(x.gt(2).all(1).to_vector<int>(), (std::vector<int>{0, 1}));
  EXPECT_EQ(x.gt(3).any(0, true).sizes(), Shape({1, 2}));
  EXPECT_TRUE(torch::zeros({0}).gt(0).all().item<bool>());
  EXPECT_FALSE(torch::zeros({0}).gt(0).any().item<bool>());
  EXPECT_EQ(torch::tensor(5).expand_as(x).sizes(), x.sizes());
  EXPECT_EQ(torch::arange(4).view_as(x).sizes(), x.sizes());
  EXPECT_EQ(torch::arange(4).reshape_as(x).sizes(), x.sizes());
  EXPECT_EQ(x.argmax(1).eq_(torch::tensor({1, 0})).to_vector<int>(), (std::vector<int>{1, 0}));
  EXPECT_TRUE(x.to(x.device()).is_same(x));
  EXPECT_EQ(x.to(torch::kCPU, torch::kLong).dtype(), torch::kLong);
  const torch::Tensor u = torch::empty(1000).uniform_(0.8, 1.0);
  EXPECT_TRUE(u.min().item() >= 0.8 && u.max().item() < 1.0 && u.max().item() > 0.95);
  EXPECT_NEAR(torch::empty(10000).normal_(3, 0.5).mean().item(), 3, 0.05);
  EXPECT_EQ(x.index({torch::indexing::Slice(0, 1), torch::indexing::None}).sizes(),
            Shape({1, 1, 2}));
  EXPECT_TRUE(fails_with<ShapeError>([&] { x.mm(x[0]); }, "mm: shapes [2, 2] and [2]"));
  EXPECT_TRUE(fails_with<IndexError>([&] { x.all(2); }, "all"));
}

TEST(TorchDevice, IsMadeOfItsTypeOrName) {
  const torch::Device device(torch::cuda::is_available() ? torch::kCUDA : torch::kCPU);
  EXPECT_EQ(device, torch::Device("cpu"));
  EXPECT_TRUE(device == torch::kCPU);
}

TEST(TorchCheck, ThrowsItsTextWithThePlace) {
  TORCH_CHECK(1 + 1 == 2, "arithmetic");
  AT_ASSERT(true);
  EXPECT_TRUE(fails_with<torch::Error>([] { TORCH_CHECK(false, "got ", 3, " of ", "them"); },
                                       "got 3 of them (", {"tensors_test.cpp"}));
  EXPECT_TRUE(fails_with<torch::Error>([] { AT_ASSERT(1 > 2); }, "expected 1 > 2 to be true"));
  EXPECT_TRUE(fails_with<torch::Error>([] { AT_ERROR("bad ", 1); }, "bad 1"));
}

TEST(TorchNamespaces, HaveTheirOldNames) {
  const at::Tensor x = at::ones({2});
  c10::optional<at::Tensor> maybe = x;
  EXPECT_TRUE(maybe.has_value() && maybe->is_same(x));
  maybe = c10::nullopt;
  EXPECT_FALSE(maybe.has_value());
}

}  // namespace
}  // namespace tarn
