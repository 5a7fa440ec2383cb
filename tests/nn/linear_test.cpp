#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/autograd/ops.h>
#include <tarn/nn/nn.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/random.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"

namespace tarn {
namespace {

using testing::fails_with;
using testing::same_bits;

TEST(Linear, ComputesXTimesWeightTransposedPlusBias) {
  nn::Linear fc(2, 3);
  nn::init::constant_(fc.bias, 10);
  fc.load_state_dict([&] {
    StateDict state;
    state.set("weight", tensor({{1.0, 2}, {3, 4}, {5, 6}}));
    state.set("bias", fc.bias.detach());
    return state;
  }());
  const Tensor y = fc(tensor({{1.0, 10}, {100, 1000}}));
  EXPECT_EQ(y.sizes(), (Shape{2, 3}));
  EXPECT_EQ(y.to_vector(), (std::vector<double>{31, 53, 75, 2110, 4310, 6510}));
}

TEST(Linear, WeightHasPyTorchsShapeAndLiesInMemoryTheFastWay) {
  const nn::Linear fc(784, 128);
  EXPECT_EQ(fc.weight.sizes(), (Shape{128, 784}));
  EXPECT_EQ(fc.weight.strides(), (Shape{1, 128}));
  EXPECT_EQ(fc.bias.sizes(), (Shape{128}));
  EXPECT_EQ(fc.in_features, 784);
  EXPECT_EQ(fc.out_features, 128);
}

TEST(Linear, GradientsLieInMemoryLikeTheWeight) {
  nn::Linear fc(3, 2);
  fc(ones({4, 3})).sum().backward();
  EXPECT_EQ(fc.weight.grad().strides(), fc.weight.strides());
  EXPECT_EQ(fc.weight.grad().to_vector(), std::vector<double>(6, 4));
  EXPECT_EQ(fc.bias.grad().to_vector(), std::vector<double>(2, 4));
}

// kaiming_uniform_ with a = sqrt(5) comes out as U(-b, b), b = 1 / sqrt(in_features); so does the
// bias.
TEST(Linear, DrawsInitialValuesFromPyTorchsDefaultRange) {
  manual_seed(0);
  const nn::Linear fc(100, 2000);
  for (const Tensor& parameter : {fc.weight, fc.bias}) {
    const std::vector<double> values = parameter.to_vector();
    const auto [low, high] = std::ranges::minmax(values);
    EXPECT_GE(low, -0.1F);
    EXPECT_LE(high, 0.1F);
    EXPECT_LT(low, -0.099);
    EXPECT_GT(high, 0.099);
  }
}

TEST(Linear, InitialValuesDoNotDependOnTheMemoryLayout) {
  manual_seed(3);
  const nn::Linear fc(5, 7);
  manual_seed(3);
  const Tensor row_major = empty({7, 5});
  nn::init::kaiming_uniform_(row_major, {.a = std::sqrt(5.0)});
  EXPECT_TRUE(same_bits(fc.weight, row_major));
}

TEST(Linear, ResetDrawsNewValuesIntoTheSameTensors) {
  manual_seed(5);
  nn::Linear fc(4, 4);
  const Tensor weight = fc.weight;
  const std::vector<double> first = weight.to_vector();
  fc.reset_parameters();
  EXPECT_TRUE(fc.weight.is_same(weight));
  EXPECT_NE(weight.to_vector(), first);
}

TEST(Linear, CanDoWithoutBias) {
  nn::Linear fc(3, 2, {.bias = false});
  EXPECT_FALSE(fc.bias.defined());
  EXPECT_EQ(fc(zeros({1, 3})).to_vector(), (std::vector<double>{0, 0}));
  EXPECT_EQ(fc.num_parameters(), 6);
}

TEST(Linear, TakesAnyNumberOfLeadingDimensions) {
  nn::Linear fc(3, 2);
  EXPECT_EQ(fc(ones({3})).sizes(), (Shape{2}));
  EXPECT_EQ(fc(ones({4, 5, 3})).sizes(), (Shape{4, 5, 2}));
  EXPECT_EQ(fc(ones({0, 3})).sizes(), (Shape{0, 2}));
}

TEST(Linear, WorksInFloat64) {
  nn::Linear fc(3, 2, {.dtype = kFloat64});
  EXPECT_EQ(fc.weight.dtype(), kFloat64);
  EXPECT_EQ(fc.bias.dtype(), kFloat64);
  EXPECT_EQ(fc(ones({1, 3}, {.dtype = kFloat64})).dtype(), kFloat64);
}

TEST(Linear, RefusesSizesBelowOneAndIntegerTypes) {
  EXPECT_TRUE(fails_with<ValueError>([] { nn::Linear(0, 2); },
                                     "Linear: in_features = 0: expected at least 1"));
  EXPECT_TRUE(fails_with<ValueError>([] { nn::Linear(2, -3); },
                                     "Linear: out_features = -3: expected at least 1"));
  EXPECT_TRUE(fails_with<DTypeError>([] { nn::Linear(2, 2, {.dtype = kInt64}); }, "requires_grad_",
                                     {"int64"}));
  constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();
  EXPECT_THROW(nn::Linear(huge, huge), ShapeError);
  EXPECT_THROW(nn::Linear(std::int64_t{1} << 30, std::int64_t{1} << 30), OutOfMemory);
}

TEST(Linear, NamesTheSizesWhenTheInputDoesNotFit) {
  nn::Linear fc(784, 128);
  EXPECT_TRUE(fails_with<ShapeError>(
      [&] {
        fc(ones({64, 783}));
      },
      "linear: ", {"783", "[64, 783]", "[128, 784]"}));
  EXPECT_THROW(fc(Tensor()), ValueError);
}

}  // namespace
}  // namespace tarn
