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

/// A loss function of autograd/ops/losses.h, which documents it, with its options. Weights among
/// them are buffers, as in PyTorch.
template <class Options, Tensor (*function)(const Tensor&, const Tensor&, const Options&, Where)>
class LossFunction : public Loss {
 public:
  explicit LossFunction(const Options& chosen = {}) : options(chosen) {
    if constexpr (requires { chosen.weight; }) buffer("weight", chosen.weight);
    if constexpr (requires { chosen.pos_weight; }) buffer("pos_weight", chosen.pos_weight);
  }
  Tensor forward(const Tensor& input, const Tensor& target) override {
    return function(input, target, options, call_site());
  }

  const Options options;
};

/// tarn::cross_entropy: input [N, C, *] logits, target [N, *] int64 classes.
struct CrossEntropyLoss : LossFunction<CrossEntropyOptions, cross_entropy> {
  using LossFunction::LossFunction;
};
/// tarn::nll_loss: input [N, C, *] logarithms of probabilities, target [N, *] int64 classes.
struct NLLLoss : LossFunction<NllLossOptions, nll_loss> {
  using LossFunction::LossFunction;
};
/// tarn::mse_loss: input and target of the same shape, as for those below.
struct MSELoss : LossFunction<MseLossOptions, mse_loss> {
  using LossFunction::LossFunction;
};
/// tarn::l1_loss
struct L1Loss : LossFunction<L1LossOptions, l1_loss> {
  using LossFunction::LossFunction;
};
/// tarn::smooth_l1_loss
struct SmoothL1Loss : LossFunction<SmoothL1LossOptions, smooth_l1_loss> {
  using LossFunction::LossFunction;
};
/// tarn::huber_loss
struct HuberLoss : LossFunction<HuberLossOptions, huber_loss> {
  using LossFunction::LossFunction;
};
/// tarn::binary_cross_entropy: input holds probabilities.
struct BCELoss : LossFunction<BinaryCrossEntropyOptions, binary_cross_entropy> {
  using LossFunction::LossFunction;
};
/// tarn::binary_cross_entropy_with_logits
struct BCEWithLogitsLoss : LossFunction<BceWithLogitsOptions, binary_cross_entropy_with_logits> {
  using LossFunction::LossFunction;
};
/// tarn::kl_div: input holds logarithms of probabilities.
struct KLDivLoss : LossFunction<KlDivOptions, kl_div> {
  using LossFunction::LossFunction;
};

}  // namespace tarn::nn
