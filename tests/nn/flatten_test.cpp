#include <gtest/gtest.h>

#include <tarn/nn/nn.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>

namespace tarn {
namespace {

TEST(FlattenModule, KeepsTheBatchByDefault) {
  nn::Flatten flatten;
  EXPECT_EQ(flatten(ones({5, 1, 28, 28})).sizes(), (Shape{5, 784}));
  EXPECT_EQ(flatten(ones({5, 3})).sizes(), (Shape{5, 3}));
  EXPECT_EQ(flatten(ones({0, 2, 3})).sizes(), (Shape{0, 6}));
}

TEST(FlattenModule, MergesTheDimensionsItIsTold) {
  nn::Flatten flatten(0, -2);
  EXPECT_EQ(flatten(ones({2, 3, 4})).sizes(), (Shape{6, 4}));
}

TEST(FlattenModule, RefusesInputsWithTooFewDimensions) {
  nn::Flatten flatten;
  EXPECT_THROW(flatten(ones({5})), IndexError);
}

}  // namespace
}  // namespace tarn
