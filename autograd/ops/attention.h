#pragma once

#include <optional>

#include <tarn/tensor/tensor.h>

namespace tarn {

/// What scaled_dot_product_attention() takes besides its tensors.
struct AttentionOptions {
  Tensor attn_mask{};      ///< [*, L, S]: bool, true where a query may look, or added to scores
  double dropout_p = 0;    ///< probability of dropping a weight; applied always, as in PyTorch
  bool is_causal = false;  ///< query i looks at the keys 0..i only
  std::optional<double> scale{};  ///< of the scores; by default 1 / sqrt(E)
};

/// softmax(query key^T scale + mask), the weights with which each query looks at the keys: query
/// [*, L, E], key [*, S, E], gives [*, L, S]. A query that may look nowhere has NaN weights. Throws
/// ShapeError, DTypeError.
Tensor attention_weights(const Tensor& query, const Tensor& key,
                         const AttentionOptions& options = {}, Where where = Where::current());

/// attention_weights(query, key) value, with value [*, S, V]; gives [*, L, V] (Vaswani et al. 2017,
/// eq. 1).
Tensor scaled_dot_product_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                                    const AttentionOptions& options = {},
                                    Where where = Where::current());

}  // namespace tarn
