#include <vector>

#include <gtest/gtest.h>

#include <tarn/autograd/ops.h>
#include <tarn/nn/linear.h>
#include <tarn/nn/parameters_to_vector.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"

namespace tarn {
namespace {

using testing::fails_with;
using testing::same_bits;

TEST(ParametersToVector, LaysAllElementsInARow) {
  const Tensor a = tensor({{1.0, 2}, {3, 4}}).t().requires_grad_();
  const Tensor b = scalar_tensor(5.0F).requires_grad_();
  const Tensor none = zeros({0, 3});
  const Tensor vector = nn::parameters_to_vector({a, none, b});
  EXPECT_TRUE(same_bits(vector, tensor({1.0, 3.0, 2.0, 4.0, 5.0})));
  EXPECT_FALSE(vector.requires_grad());
  vector.fill_(0);
  EXPECT_EQ(b.item(), 5);
}

TEST(ParametersToVector, ComesBackThroughVectorToParameters) {
  nn::Linear model(3, 2);
  const std::vector<Tensor> parameters = model.parameters();
  const Tensor before = nn::parameters_to_vector(parameters);
  nn::vector_to_parameters(before * 2, parameters);
  EXPECT_TRUE(same_bits(nn::parameters_to_vector(model.parameters()), before * 2));
  EXPECT_EQ(model.weight.strides(), Shape({1, 2}));
  EXPECT_TRUE(model.weight.requires_grad());
  nn::vector_to_parameters(before.to(kFloat64), parameters);
  EXPECT_TRUE(same_bits(nn::parameters_to_vector(parameters), before));
}

TEST(ParametersToVector, RefusesWhatDoesNotFit) {
  const Tensor p = zeros({2}).requires_grad_();
  EXPECT_TRUE(fails_with<ValueError>([] { nn::parameters_to_vector({}); },
                                     "parameters_to_vector: the list is empty"));
  EXPECT_TRUE(fails_with<DTypeError>(
      [&] {
        nn::parameters_to_vector({p, zeros({1}, {.dtype = kFloat64})});
      },
      "parameters_to_vector: parameters[1] is float64 but parameters[0] is float32"));
  EXPECT_TRUE(fails_with<ShapeError>([&] { nn::vector_to_parameters(ones({3}), {p}); },
                                     "vector_to_parameters: the vector has shape [3]",
                                     {"2 elements"}));
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] {
        nn::vector_to_parameters(ones({1, 2}), {p});
      },
      "vector_to_parameters: the vector has shape [1, 2]"));
  EXPECT_TRUE(fails_with<DTypeError>([&] { nn::vector_to_parameters(arange(2), {p}); },
                                     "vector_to_parameters: the vector is int64"));
  EXPECT_EQ(p.sum().item(), 0);
}

}  // namespace
}  // namespace tarn
