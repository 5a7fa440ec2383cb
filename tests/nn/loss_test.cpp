#include <cmath>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/autograd/node.h>
#include <tarn/autograd/ops.h>
#include <tarn/nn/nn.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>

#include "../tensor/closeness.h"

namespace tarn {
namespace {

using testing::same_bits;

const Tensor& logits() {
  static const Tensor instance = tensor({{2.0, 1, 0}, {0, 3, -1}, {1, 1, 1}});
  return instance;
}

TEST(LossModules, AreTheirFunctions) {
  const Tensor target = tensor({0, 1, 2});
  nn::CrossEntropyLoss cross_entropy_loss;
  EXPECT_TRUE(same_bits(cross_entropy_loss(logits(), target), cross_entropy(logits(), target)));
  nn::NLLLoss nll;
  EXPECT_TRUE(
      same_bits(nll(log_softmax(logits(), 1), target), nll_loss(log_softmax(logits(), 1), target)));
  nn::MSELoss mse;
  EXPECT_EQ(mse(tensor({1.0, 2.0}), tensor({0.0, 4.0})).item(), 2.5);
}

TEST(LossModules, PassTheirOptionsOn) {
  const Tensor target = tensor({0, 7, 2});
  nn::CrossEntropyLoss ignoring({.ignore_index = 7, .reduction = Reduction::sum});
  EXPECT_TRUE(
      same_bits(ignoring(logits(), target),
                cross_entropy(logits(), target, {.ignore_index = 7, .reduction = Reduction::sum})));
  nn::NLLLoss none({.reduction = Reduction::none});
  EXPECT_EQ(none(logits(), tensor({0, 1, 2})).to_vector(), (std::vector<double>{-2, -3, -1}));
  nn::MSELoss sum({.reduction = Reduction::sum});
  EXPECT_EQ(sum(tensor({1.0, 2.0}), tensor({0.0, 4.0})).item(), 5);
}

TEST(LossModules, CanBeChosenAtRunTime) {
  std::unique_ptr<nn::Loss> criterion = std::make_unique<nn::MSELoss>();
  EXPECT_EQ((*criterion)(tensor({3.0}), tensor({1.0})).item(), 4);
}

TEST(LossModules, ReportTheUsersLine) {
  nn::CrossEntropyLoss criterion;
  const Tensor x = zeros({1, 2}, {.requires_grad = true});
  const Tensor loss = criterion(x, tensor({1}));
  EXPECT_EQ(describe(*gradient_node(loss)),
            "cross_entropy (line " + std::to_string(__LINE__ - 2) + " of loss_test.cpp)");
}

TEST(LossModules, RefuseLabelsOutsideTheClasses) {
  nn::CrossEntropyLoss criterion;
  EXPECT_THROW(criterion(logits(), tensor({0, 1, 3})), ValueError);
  EXPECT_THROW(criterion(logits(), tensor({0, 1})), ShapeError);
}

}  // namespace
}  // namespace tarn
