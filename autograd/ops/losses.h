#pragma once

#include <tarn/tensor/tensor.h>

namespace tarn {

/// What a loss does with the losses of the elements or examples. `batchmean`, the sum divided by
/// the size of the first dimension, is kl_div's only.
enum class Reduction { mean, sum, none, batchmean };

// ---- of classes ------------------------------------------------------------------------------

/// What nll_loss() takes besides its tensors.
struct NllLossOptions {
  Tensor weight{};                   ///< [C], what a target of each class counts; 1 if undefined
  std::int64_t ignore_index = -100;  ///< targets with this value count for nothing
  Reduction reduction = Reduction::mean;  ///< mean divides by the weights of the targets that count
};

/// Negative log-likelihood: -weight[target[i]] * log_probs[i, target[i]].
/// log_probs [N, C] (or [C], or [N, C, d1, ...]) floating, target [N] (or [], or [N, d1, ...])
/// int64 class indices in 0..C-1 or `ignore_index`; returns [], or target's shape for
/// Reduction::none. The mean over no target at all is NaN. Throws ShapeError, DTypeError, and
/// ValueError naming the first bad target and its position.
Tensor nll_loss(const Tensor& log_probs, const Tensor& target, const NllLossOptions& options = {},
                Where where = Where::current());

/// What cross_entropy() takes besides its tensors.
struct CrossEntropyOptions {
  Tensor weight{};                        ///< [C], what each class counts; 1 if undefined
  std::int64_t ignore_index = -100;       ///< targets with this value count for nothing
  Reduction reduction = Reduction::mean;  ///< mean divides by the weights of the targets that count
  double label_smoothing = 0;  ///< the part of each target that is spread over all classes
};

/// nll_loss(log_softmax(logits, 1), target), in one pass when there are neither weights nor
/// smoothing (Bishop 2006, eq. 4.108): logits [N, C] (or [C], or [N, C, d1, ...]), the rest as in
/// nll_loss.
///
/// A floating target of logits' shape and type holds the probabilities q of the classes instead:
/// the loss of an example is -sum_c weight[c] q[c] log_softmax(logits)[c], a mean is over the
/// examples. Smoothing by s replaces q by (1 - s) q + s / C (Szegedy et al. 2016), where a class
/// index is q = 1 at this class. Throws ValueError unless 0 <= s <= 1.
Tensor cross_entropy(const Tensor& logits, const Tensor& target,
                     const CrossEntropyOptions& options = {}, Where where = Where::current());

// ---- element by element ----------------------------------------------------------------------
// Input and target have the same shape and are float32 or float64: a mean over unequal,
// broadcasting shapes is almost always a mistake. They return [], or that shape for
// Reduction::none; a mean is over all elements. All throw ShapeError and DTypeError.

/// What mse_loss() takes besides its tensors.
struct MseLossOptions {
  Reduction reduction = Reduction::mean;
};

/// (input - target)^2
Tensor mse_loss(const Tensor& input, const Tensor& target, const MseLossOptions& options = {},
                Where where = Where::current());

/// What l1_loss() takes besides its tensors.
struct L1LossOptions {
  Reduction reduction = Reduction::mean;
};

/// |input - target|
Tensor l1_loss(const Tensor& input, const Tensor& target, const L1LossOptions& options = {},
               Where where = Where::current());

/// What smooth_l1_loss() takes besides its tensors.
struct SmoothL1LossOptions {
  double beta = 1;  ///< where the parabola ends; 0 makes it l1_loss
  Reduction reduction = Reduction::mean;
};

/// With d = |input - target|: d^2 / (2 beta) where d < beta, else d - beta / 2 (Girshick 2015).
/// Throws ValueError unless beta >= 0.
Tensor smooth_l1_loss(const Tensor& input, const Tensor& target,
                      const SmoothL1LossOptions& options = {}, Where where = Where::current());

/// What huber_loss() takes besides its tensors.
struct HuberLossOptions {
  double delta = 1;  ///< where the parabola ends
  Reduction reduction = Reduction::mean;
};

/// With d = |input - target|: d^2 / 2 where d <= delta, else delta (d - delta / 2) (Huber 1964).
/// Throws ValueError unless delta > 0.
Tensor huber_loss(const Tensor& input, const Tensor& target, const HuberLossOptions& options = {},
                  Where where = Where::current());

/// What binary_cross_entropy() takes besides its tensors.
struct BinaryCrossEntropyOptions {
  Tensor weight{};  ///< multiplies the losses; broadcasts to their shape
  Reduction reduction = Reduction::mean;
};

/// -(target log(input) + (1 - target) log(1 - input)) of probabilities, with logarithms cut at
/// -100. Throws ValueError naming the first element of input outside [0, 1].
Tensor binary_cross_entropy(const Tensor& input, const Tensor& target,
                            const BinaryCrossEntropyOptions& options = {},
                            Where where = Where::current());

/// What binary_cross_entropy_with_logits() takes besides its tensors.
struct BceWithLogitsOptions {
  Tensor weight{};      ///< multiplies the losses; broadcasts to their shape
  Tensor pos_weight{};  ///< multiplies the positive part; broadcasts to the losses' shape
  Reduction reduction = Reduction::mean;
};

/// -(pos_weight target log(sigmoid(input)) + (1 - target) log(1 - sigmoid(input))), computed
/// without overflow.
Tensor binary_cross_entropy_with_logits(const Tensor& input, const Tensor& target,
                                        const BceWithLogitsOptions& options = {},
                                        Where where = Where::current());

/// What kl_div() takes besides its tensors.
struct KlDivOptions {
  Reduction reduction = Reduction::mean;  ///< batchmean is the divergence as it is defined
  bool log_target = false;                ///< the target holds logarithms too
};

/// target (log(target) - input), the terms of the Kullback-Leibler divergence of the probabilities
/// `target` from those whose logarithms are `input`; 0 where target is 0.
Tensor kl_div(const Tensor& input, const Tensor& target, const KlDivOptions& options = {},
              Where where = Where::current());

}  // namespace tarn
