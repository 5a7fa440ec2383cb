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
