#pragma once

#include <optional>
#include <utility>
#include <vector>

#include <tarn/nn/linear.h>

namespace tarn::nn {

/// What MultiheadAttention takes besides its sizes.
struct MultiheadAttentionOptions {
  double dropout = 0;        ///< probability of dropping an attention weight in training mode
  bool bias = true;          ///< of the projections
  bool batch_first = false;  ///< [N, L, E] instead of PyTorch's default, [L, N, E]
  std::optional<std::int64_t> kdim{};  ///< size of a key, embed_dim by default
  std::optional<std::int64_t> vdim{};  ///< size of a value, embed_dim by default
  DType dtype = DType::float32;
};

/// What a call of MultiheadAttention takes besides its inputs.
struct MultiheadAttentionMasks {
  /// [N, S]: bool, true where a key is padding and must not be looked at, or floating, added to the
  /// scores.
  Tensor key_padding_mask{};
  /// [L, S] or [N * num_heads, L, S]: bool, true where a query must *not* look (the opposite of
  /// scaled_dot_product_attention, as in PyTorch), or floating, added to the scores.
  Tensor attn_mask{};
  bool is_causal = false;            ///< query i looks at the keys 0..i only
  bool need_weights = true;          ///< return the weights too
  bool average_attn_weights = true;  ///< their mean over the heads
};

/// Several attentions side by side, each in embed_dim / num_heads dimensions of its own (Vaswani et
/// al. 2017, section 3.2.2).
///
///   nn::MultiheadAttention attention(64, 4, {.batch_first = true});
///   Tensor y = attention(x, x, x, {.is_causal = true}).first;   // [N, L, 64]
///
/// Its tensors have PyTorch's names: in_proj_weight (with kdim or vdim q_proj_weight, k_proj_weight
/// and v_proj_weight instead), in_proj_bias, out_proj.weight, out_proj.bias.
class MultiheadAttention : public Module {
 public:
  /// Throws ValueError unless num_heads >= 1 divides embed_dim >= 1, kdim and vdim are >= 1 and
  /// 0 <= dropout <= 1.
  MultiheadAttention(std::int64_t embed_dim, std::int64_t num_heads,
                     const MultiheadAttentionOptions& options = {});

  /// PyTorch's: input projections xavier_uniform_, out_proj.weight as in Linear, biases 0.
  void reset_parameters();

  /// query [L, N, E], key [S, N, kdim] and value [S, N, vdim] (batch_first: [N, L, E], [N, S,
  /// kdim], [N, S, vdim]). Returns the output in query's shape and the weights, [N, L, S] or [N,
  /// num_heads, L, S]; undefined unless need_weights. All may come without N, masks and results
  /// then too. Throws ShapeError, DTypeError.
  std::pair<Tensor, Tensor> forward(const Tensor& query, const Tensor& key, const Tensor& value,
                                    const MultiheadAttentionMasks& masks = {});
  std::pair<Tensor, Tensor> operator()(const Tensor& query, const Tensor& key, const Tensor& value,
                                       const MultiheadAttentionMasks& masks = {},
                                       Where where = Where::current());
  std::string extra() const override;

  const std::int64_t embed_dim;
  const std::int64_t num_heads;
  const double dropout;
  const bool batch_first;
  const std::int64_t kdim;
  const std::int64_t vdim;
  Tensor& in_proj_weight;  ///< [3 embed_dim, embed_dim]: of queries, keys and values; or undefined
  Tensor& q_proj_weight;   ///< [embed_dim, embed_dim], or undefined, as the next two
  Tensor& k_proj_weight;   ///< [embed_dim, kdim]
  Tensor& v_proj_weight;   ///< [embed_dim, vdim]
  Tensor& in_proj_bias;    ///< [3 embed_dim], or undefined
  Linear& out_proj;

 private:
  using Module::forward;  // one tensor is not enough
  std::vector<Tensor> project(const Tensor& query, const Tensor& key, const Tensor& value) const;
  void check_inputs(const Tensor& query, const Tensor& key, const Tensor& value) const;
};

}  // namespace tarn::nn
