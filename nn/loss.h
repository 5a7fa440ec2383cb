#pragma once

#include <tarn/autograd/ops/losses.h>
#include <tarn/nn/module.h>

namespace tarn::nn {

/// How far a prediction is from its target.
///
///   nn::CrossEntropyLoss criterion;
///   Tensor loss = criterion(model(x), y);
class Loss : public Module {
 public:
  virtual Tensor forward(const Tensor& input, const Tensor& target) = 0;

  /// forward(input, target); its op reports `where` as its place in the program.
  Tensor operator()(const Tensor& input, const Tensor& target, Where where = Where::current());

 private:
  using Module::forward;  // one tensor is not enough
};

/// tarn::cross_entropy: input [N, C] logits, target [N] int64 classes.
class CrossEntropyLoss : public Loss {
 public:
  explicit CrossEntropyLoss(const CrossEntropyOptions& options = {});
  Tensor forward(const Tensor& input, const Tensor& target) override;

 private:
  CrossEntropyOptions options_;
};

/// tarn::nll_loss: input [N, C] logarithms of probabilities, target [N] int64 classes.
class NLLLoss : public Loss {
 public:
  explicit NLLLoss(const NllLossOptions& options = {});
  Tensor forward(const Tensor& input, const Tensor& target) override;

 private:
  NllLossOptions options_;
};

/// tarn::mse_loss: input and target of the same shape.
class MSELoss : public Loss {
 public:
  explicit MSELoss(const MseLossOptions& options = {});
  Tensor forward(const Tensor& input, const Tensor& target) override;

 private:
  MseLossOptions options_;
};

}  // namespace tarn::nn
