#pragma once

#include <tarn/tensor/tensor.h>

namespace tarn::kernels {

/// exp(x) / sum(exp(x)) over dimension `dim` of a floating tensor; contiguous result.
Tensor softmax(const Tensor& x, int dim);

/// log(softmax(x)) over dimension `dim` of a floating tensor; contiguous result.
Tensor log_softmax(const Tensor& x, int dim);

/// What cross entropy computes in its one pass over the logits.
struct CrossEntropy {
  Tensor losses;         ///< [N], 0 where the target is ignored
  Tensor probabilities;  ///< [N, C]: softmax(logits)
};

/// logits [N, C] floating, target [N] int64, checked: 0..C-1 or ignore_index.
CrossEntropy cross_entropy(const Tensor& logits, const Tensor& target, std::int64_t ignore_index);

/// weights[i] * (probabilities[i, c] - [c == target[i]]), with rows of ignored targets 0. weights
/// is [N] or [].
Tensor cross_entropy_gradient(const Tensor& probabilities, const Tensor& target,
                              std::int64_t ignore_index, const Tensor& weights);

}  // namespace tarn::kernels
