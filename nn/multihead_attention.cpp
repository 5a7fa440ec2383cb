#include <array>
#include <limits>
#include <tuple>
#include <vector>

#include <tarn/autograd/ops.h>
#include <tarn/nn/init.h>
#include <tarn/nn/multihead_attention.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/str.h>

namespace tarn::nn {
namespace {

std::int64_t checked(std::int64_t embed_dim, std::int64_t num_heads, double dropout) {
  if (embed_dim < 1 || num_heads < 1 || embed_dim % num_heads != 0) {
    throw ValueError(str("MultiheadAttention: embed_dim = ", embed_dim, ", num_heads = ", num_heads,
                         ": expected num_heads >= 1 that divides embed_dim >= 1"));
  }
  if (!(dropout >= 0 && dropout <= 1)) {
    throw ValueError(
        str("MultiheadAttention: dropout = ", dropout, ": expected a probability, 0 to 1"));
  }
  return embed_dim;
}

void check_input(const char* name, const Tensor& x, std::int64_t embed_dim, bool batch_first) {
  if (x.dim() == 3 && x.size(2) == embed_dim) return;
  throw ShapeError(str("MultiheadAttention: ", name, " has shape ", x.sizes(), ": expected ",
                       batch_first ? "[N, L, " : "[L, N, ", embed_dim, "]"));
}

// The masks of a call as one for scaled_dot_product_attention, [N or 1, heads or 1, L or 1, S].
Tensor joint_mask(const MultiheadAttentionMasks& masks, const Shape& scores, const Where& where) {
  Tensor mask = masks.attn_mask;
  if (mask.defined()) {
    const Shape shared{scores[2], scores[3]};
    const Shape own{scores[0] * scores[1], scores[2], scores[3]};
    if (mask.sizes() != shared && mask.sizes() != own) {
      throw ShapeError(str("MultiheadAttention: attn_mask has shape ", mask.sizes(), ": expected ",
                           shared, " or ", own));
    }
    if (mask.dim() == 3) mask = reshape(mask, scores, where);
    if (mask.dtype() == kBool) mask = logical_not(mask);
  }
  const Tensor& padding = masks.key_padding_mask;
  if (!padding.defined()) return mask;
  if (padding.sizes() != Shape{scores[0], scores[3]} || padding.dtype() != kBool) {
    throw ShapeError(str("MultiheadAttention: key_padding_mask is ", padding.dtype(), " of shape ",
                         padding.sizes(), ": expected bool of shape ",
                         Shape{scores[0], scores[3]}));
  }
  Tensor allowed = logical_not(padding).view({scores[0], 1, 1, scores[3]});
  if (!mask.defined()) return allowed;
  if (mask.dtype() == kBool) return logical_and(mask, allowed);
  return tarn::where(allowed, mask, -std::numeric_limits<double>::infinity(), where);
}

}  // namespace

MultiheadAttention::MultiheadAttention(std::int64_t width, std::int64_t heads,
                                       const MultiheadAttentionOptions& options)
    : embed_dim(checked(width, heads, options.dropout)),
      num_heads(heads),
      dropout(options.dropout),
      batch_first(options.batch_first),
      in_proj_weight(parameter("in_proj_weight", empty_strided({3 * width, width}, {1, 3 * width},
                                                               {.dtype = options.dtype}))),
      in_proj_bias(parameter(
          "in_proj_bias", options.bias ? empty({3 * width}, {.dtype = options.dtype}) : Tensor())),
      out_proj(
          add("out_proj", Linear(width, width, {.bias = options.bias, .dtype = options.dtype}))) {
  reset_parameters();
}

void MultiheadAttention::reset_parameters() {
  init::xavier_uniform_(in_proj_weight);
  out_proj.reset_parameters();
  if (in_proj_bias.defined()) init::zeros_(in_proj_bias);
  if (out_proj.bias.defined()) init::zeros_(out_proj.bias);
}

std::pair<Tensor, Tensor> MultiheadAttention::forward(const Tensor& query, const Tensor& key,
                                                      const Tensor& value,
                                                      const MultiheadAttentionMasks& masks) {
  const Where where = call_site();
  check_input("query", query, embed_dim, batch_first);
  check_input("key", key, embed_dim, batch_first);
  check_input("value", value, embed_dim, batch_first);

  // The projections of the three inputs, together where they are one.
  std::vector<Tensor> projected;
  if (query.is_same(key) && key.is_same(value)) {
    projected = chunk(linear(query, in_proj_weight, in_proj_bias, where), 3, -1, where);
  } else {
    const std::array<const Tensor*, 3> inputs = {&query, &key, &value};
    for (std::int64_t i = 0; i < 3; ++i) {
      const auto part = [&](const Tensor& t) {
        return t.defined() ? narrow(t, 0, i * embed_dim, embed_dim, where) : t;
      };
      projected.push_back(linear(*inputs[static_cast<std::size_t>(i)], part(in_proj_weight),
                                 part(in_proj_bias), where));
    }
  }
  // [N, L, E] or [L, N, E] as [N, heads, L, E / heads].
  for (Tensor& x : projected) {
    x = reshape(x, {x.size(0), x.size(1), num_heads, embed_dim / num_heads}, where);
    x = permute(x, batch_first ? Shape{0, 2, 1, 3} : Shape{1, 2, 0, 3}, where);
  }
  const auto& [q, k, v] = std::tie(projected[0], projected[1], projected[2]);
  const Shape scores{q.size(0), num_heads, q.size(2), k.size(2)};
  const Tensor weights = attention_weights(q, k,
                                           {.attn_mask = joint_mask(masks, scores, where),
                                            .dropout_p = is_training() ? dropout : 0,
                                            .is_causal = masks.is_causal},
                                           where);
  const Tensor heads = matmul(weights, v, where);
  const Tensor joined =
      reshape(permute(heads, batch_first ? Shape{0, 2, 1, 3} : Shape{2, 0, 1, 3}, where),
              query.sizes(), where);
  Tensor shown;
  if (masks.need_weights)
    shown = masks.average_attn_weights ? mean(weights, {1}, /*keepdim=*/false, where) : weights;
  return {out_proj(joined, where), shown};
}

std::pair<Tensor, Tensor> MultiheadAttention::operator()(const Tensor& query, const Tensor& key,
                                                         const Tensor& value,
                                                         const MultiheadAttentionMasks& masks,
                                                         Where where) {
  const CallSiteGuard guard(where);
  return forward(query, key, value, masks);
}

std::string MultiheadAttention::extra() const {
  return str("embed_dim=", embed_dim, ", num_heads=", num_heads);
}

}  // namespace tarn::nn
