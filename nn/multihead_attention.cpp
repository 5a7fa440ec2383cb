#include <array>
#include <limits>
#include <tuple>
#include <vector>

#include <tarn/autograd/ops.h>
#include <tarn/nn/detail/at_least_one.h>
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

std::int64_t size_or(const char* name, std::optional<std::int64_t> size, std::int64_t embed_dim) {
  return at_least_one("MultiheadAttention", name, size.value_or(embed_dim));
}

// [out, in], with the memory layout of a Linear's weight.
Tensor empty_weight(bool wanted, std::int64_t out, std::int64_t in, DType dtype) {
  return wanted ? empty_strided({out, in}, {1, out}, {.dtype = dtype}) : Tensor();
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
  Tensor padding = masks.key_padding_mask;
  if (!padding.defined()) return mask;
  const Shape expected{scores[0], scores[3]};
  if (padding.sizes() != expected ||
      (padding.dtype() != kBool && !is_floating_point(padding.dtype()))) {
    throw ShapeError(str("MultiheadAttention: key_padding_mask is ", padding.dtype(), " of shape ",
                         padding.sizes(), ": expected bool or floating, of shape ", expected));
  }
  padding = reshape(padding, {scores[0], 1, 1, scores[3]}, where);
  const double never = -std::numeric_limits<double>::infinity();
  if (padding.dtype() != kBool) {
    if (!mask.defined()) return padding;
    return mask.dtype() == kBool ? tarn::where(mask, padding, never, where)
                                 : add(mask, padding, 1, where);
  }
  Tensor allowed = logical_not(padding);
  if (!mask.defined()) return allowed;
  if (mask.dtype() == kBool) return logical_and(mask, allowed);
  return tarn::where(allowed, mask, never, where);
}

}  // namespace

MultiheadAttention::MultiheadAttention(std::int64_t width, std::int64_t heads,
                                       const MultiheadAttentionOptions& options)
    : embed_dim(checked(width, heads, options.dropout)),
      num_heads(heads),
      dropout(options.dropout),
      batch_first(options.batch_first),
      kdim(size_or("kdim", options.kdim, width)),
      vdim(size_or("vdim", options.vdim, width)),
      in_proj_weight(parameter("in_proj_weight", empty_weight(kdim == width && vdim == width,
                                                              3 * width, width, options.dtype))),
      q_proj_weight(parameter(
          "q_proj_weight", empty_weight(!in_proj_weight.defined(), width, width, options.dtype))),
      k_proj_weight(parameter("k_proj_weight",
                              empty_weight(!in_proj_weight.defined(), width, kdim, options.dtype))),
      v_proj_weight(parameter("v_proj_weight",
                              empty_weight(!in_proj_weight.defined(), width, vdim, options.dtype))),
      in_proj_bias(parameter(
          "in_proj_bias", options.bias ? empty({3 * width}, {.dtype = options.dtype}) : Tensor())),
      out_proj(
          add("out_proj", Linear(width, width, {.bias = options.bias, .dtype = options.dtype}))) {
  reset_parameters();
}

void MultiheadAttention::reset_parameters() {
  for (const Tensor* weight : {&in_proj_weight, &q_proj_weight, &k_proj_weight, &v_proj_weight})
    if (weight->defined()) init::xavier_uniform_(*weight);
  out_proj.reset_parameters();
  if (in_proj_bias.defined()) init::zeros_(in_proj_bias);
  if (out_proj.bias.defined()) init::zeros_(out_proj.bias);
}

void MultiheadAttention::check_inputs(const Tensor& query, const Tensor& key,
                                      const Tensor& value) const {
  const auto check = [&](const char* name, const Tensor& x, std::int64_t size, const char* length) {
    if (x.defined() && (x.dim() == 2 || x.dim() == 3) && x.dim() == query.dim() &&
        x.size(-1) == size) {
      return;
    }
    throw ShapeError(str("MultiheadAttention: ", name,
                         x.defined() ? str(" has shape ", x.sizes()) : " is undefined",
                         ": expected [", batch_first ? "N, " : "", length, batch_first ? "" : ", N",
                         ", ", size, "], or all inputs without N"));
  };
  check("query", query, embed_dim, "L");
  check("key", key, kdim, "S");
  check("value", value, vdim, "S");
  const int batch = batch_first ? 0 : 1;
  const bool fit =
      key.size(0) == value.size(0) &&
      (query.dim() == 2 || (key.size(1) == value.size(1) && key.size(batch) == query.size(batch)));
  if (fit) return;
  throw ShapeError(str("MultiheadAttention: query ", query.sizes(), ", key ", key.sizes(),
                       " and value ", value.sizes(),
                       ": expected one batch size, and as many values as keys"));
}

// The three inputs in embed_dim dimensions, at once where they are one.
std::vector<Tensor> MultiheadAttention::project(const Tensor& query, const Tensor& key,
                                                const Tensor& value) const {
  const Where where = call_site();
  const bool one_weight = in_proj_weight.defined();
  if (one_weight && query.is_same(key) && key.is_same(value))
    return chunk(linear(query, in_proj_weight, in_proj_bias, where), 3, -1, where);
  const std::array<const Tensor*, 3> inputs = {&query, &key, &value};
  const std::array<const Tensor*, 3> own = {&q_proj_weight, &k_proj_weight, &v_proj_weight};
  std::vector<Tensor> projected;
  for (std::size_t i = 0; i < 3; ++i) {
    const auto part = [&](const Tensor& t) {
      const auto start = static_cast<std::int64_t>(i) * embed_dim;
      return t.defined() ? narrow(t, 0, start, embed_dim, where) : t;
    };
    projected.push_back(
        linear(*inputs[i], one_weight ? part(in_proj_weight) : *own[i], part(in_proj_bias), where));
  }
  return projected;
}

std::pair<Tensor, Tensor> MultiheadAttention::forward(const Tensor& query, const Tensor& key,
                                                      const Tensor& value,
                                                      const MultiheadAttentionMasks& masks) {
  const Where where = call_site();
  check_inputs(query, key, value);
  if (query.dim() == 2) {
    const int batch = batch_first ? 0 : 1;
    const Tensor q = unsqueeze(query, batch, where);
    const Tensor k = key.is_same(query) ? q : unsqueeze(key, batch, where);
    const Tensor v = value.is_same(key) ? k : unsqueeze(value, batch, where);
    MultiheadAttentionMasks batched = masks;
    if (masks.key_padding_mask.defined())
      batched.key_padding_mask = unsqueeze(masks.key_padding_mask, 0, where);
    const auto [y, weights] = forward(q, k, v, batched);
    return {squeeze(y, batch, where), weights.defined() ? squeeze(weights, 0, where) : weights};
  }
  std::vector<Tensor> projected = project(query, key, value);
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
  return str("embed_dim=", embed_dim, ", num_heads=", num_heads,
             kdim != embed_dim ? str(", kdim=", kdim) : "",
             vdim != embed_dim ? str(", vdim=", vdim) : "");
}

}  // namespace tarn::nn
