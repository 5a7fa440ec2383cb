#pragma once

#include <tarn/tensor/tensor.h>

namespace tarn {

/// What a loss does with the losses of the examples.
enum class Reduction { mean, sum, none };

/// softmax over `dim`: exp(x_i) / sum_j exp(x_j), computed after subtracting the maximum. Integers
/// become float32.
Tensor softmax(const Tensor& x, std::int64_t dim, Where where = Where::current());
/// log(softmax(x)) over `dim`, without the loss of accuracy of taking them one after the other.
Tensor log_softmax(const Tensor& x, std::int64_t dim, Where where = Where::current());

struct NllLossOptions {
  std::int64_t ignore_index = -100;       ///< targets with this value count for nothing
  Reduction reduction = Reduction::mean;  ///< mean is over the targets that count
};

/// Negative log-likelihood: -log_probs[i, target[i]].
/// log_probs [N, C] (or [C]) floating, target [N] (or []) int64 class indices in 0..C-1 or
/// `ignore_index`; returns [], or target's shape for Reduction::none. The mean over no target at
/// all is NaN. Throws ShapeError, DTypeError, and ValueError naming the first bad target and its
/// position.
Tensor nll_loss(const Tensor& log_probs, const Tensor& target, const NllLossOptions& options = {},
                Where where = Where::current());

struct CrossEntropyOptions {
  std::int64_t ignore_index = -100;       ///< targets with this value count for nothing
  Reduction reduction = Reduction::mean;  ///< mean is over the targets that count
};

/// nll_loss(log_softmax(logits, 1), target) in one pass (Bishop 2006, eq. 4.108): logits [N, C] (or
/// [C]), the rest as in nll_loss.
Tensor cross_entropy(const Tensor& logits, const Tensor& target,
                     const CrossEntropyOptions& options = {}, Where where = Where::current());

struct MseLossOptions {
  Reduction reduction = Reduction::mean;  ///< mean is over all elements
};

/// (input - target)^2, shapes equal: a mean over unequal, broadcasting shapes is almost always a
/// mistake. Throws ShapeError.
Tensor mse_loss(const Tensor& input, const Tensor& target, const MseLossOptions& options = {},
                Where where = Where::current());

}  // namespace tarn
