#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/autograd/ops.h>
#include <tarn/nn/nn.h>
#include <tarn/tensor/factories.h>

#include "../tensor/closeness.h"

namespace tarn {
namespace {

using testing::same_bits;

TEST(ActivationModules, ComputeTheirFunctions) {
  const Tensor x = tensor({-2.0, -0.0, 0.5, 3.0});
  nn::ReLU relu_module;
  nn::Tanh tanh_module;
  nn::Sigmoid sigmoid_module;
  EXPECT_TRUE(same_bits(relu_module(x), relu(x)));
  EXPECT_TRUE(same_bits(tanh_module(x), tanh(x)));
  EXPECT_TRUE(same_bits(sigmoid_module(x), sigmoid(x)));
  EXPECT_EQ(relu_module(x).to_vector(), (std::vector<double>{0, 0, 0.5, 3}));
}

TEST(ActivationModules, PassTheirOptionsOn) {
  const Tensor x = tensor({{-2.0, -0.0, 0.5, 3.0}, {1, 2, 3, 4}});
  EXPECT_TRUE(same_bits(nn::LeakyReLU(0.3)(x), leaky_relu(x, 0.3)));
  EXPECT_TRUE(same_bits(nn::ELU(0.7)(x), elu(x, 0.7)));
  EXPECT_TRUE(same_bits(nn::SiLU()(x), silu(x)));
  EXPECT_TRUE(same_bits(nn::GELU()(x), gelu(x)));
  EXPECT_TRUE(same_bits(nn::GELU(Gelu::tanh)(x), gelu(x, Gelu::tanh)));
  EXPECT_TRUE(same_bits(nn::Softplus({.beta = 2, .threshold = 3})(x), softplus(x, 2, 3)));
  EXPECT_TRUE(same_bits(nn::Softmax(0)(x), softmax(x, 0)));
  EXPECT_TRUE(same_bits(nn::LogSoftmax(-1)(x), log_softmax(x, 1)));
}

TEST(ActivationModules, PrintTheirOptionsAsPyTorch) {
  EXPECT_EQ(to_string(nn::LeakyReLU(0.2)), "LeakyReLU(negative_slope=0.2)");
  EXPECT_EQ(to_string(nn::GELU(Gelu::tanh)), "GELU(approximate='tanh')");
  EXPECT_EQ(to_string(nn::Softplus()), "Softplus(beta=1, threshold=20)");
  EXPECT_EQ(to_string(nn::Softmax(-1)), "Softmax(dim=-1)");
}

TEST(ActivationModules, HaveNoParameters) {
  EXPECT_TRUE(nn::ReLU().parameters().empty());
  EXPECT_TRUE(nn::Tanh().state_dict().empty());
}

TEST(ActivationModules, TakeEmptyTensors) {
  nn::Sigmoid module;
  EXPECT_EQ(module(empty({0, 3})).sizes(), (Shape{0, 3}));
}

}  // namespace
}  // namespace tarn
