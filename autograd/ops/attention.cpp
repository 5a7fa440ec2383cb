#include <cmath>
#include <limits>

#include <tarn/autograd/detail/defined.h>
#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/autograd/ops/attention.h>
#include <tarn/autograd/ops/comparison.h>
#include <tarn/autograd/ops/dropout.h>
#include <tarn/autograd/ops/matmul.h>
#include <tarn/autograd/ops/pointwise.h>
#include <tarn/autograd/ops/softmax.h>
#include <tarn/autograd/ops/views.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/str.h>

namespace tarn {
namespace {

constexpr const char* kAttention = "scaled_dot_product_attention";

// [L, S] bool: key j is not after query i.
Tensor causal_mask(std::int64_t queries, std::int64_t keys) {
  return le(arange(keys).unsqueeze(0), arange(queries).unsqueeze(1));
}

void check(const Tensor& query, const Tensor& key, const Tensor& mask) {
  if (query.dim() < 2 || key.dim() < 2 || query.sizes().back() != key.sizes().back()) {
    throw ShapeError(str(kAttention, ": query has shape ", query.sizes(), " and key ", key.sizes(),
                         ": expected [*, L, E] and [*, S, E]"));
  }
  if (mask.defined() && mask.dtype() != kBool && mask.dtype() != query.dtype()) {
    throw DTypeError(str(kAttention, ": attn_mask is ", mask.dtype(), " and query ", query.dtype(),
                         ": expected bool or the query's type"));
  }
}

}  // namespace

Tensor attention_weights(const Tensor& query, const Tensor& key, const AttentionOptions& options,
                         Where where) {
  require_defined(kAttention, {&query, &key});
  const Tensor& mask = options.attn_mask;
  check(query, key, mask);
  const double scale =
      options.scale.value_or(1 / std::sqrt(static_cast<double>(query.sizes().back())));
  // The queries are smaller than the scores.
  Tensor scores = matmul(mul(query, scale, where), transpose(key, -2, -1, where), where);
  Tensor allowed = mask.defined() && mask.dtype() == kBool ? mask : Tensor();
  if (mask.defined() && !allowed.defined()) scores = add(scores, mask, 1, where);
  if (options.is_causal) {
    const Tensor causal = causal_mask(query.size(-2), key.size(-2));
    allowed = allowed.defined() ? logical_and(allowed, causal) : causal;
  }
  if (allowed.defined()) {
    scores =
        masked_fill(scores, logical_not(allowed), -std::numeric_limits<double>::infinity(), where);
  }
  return dropout(softmax(scores, -1, where), options.dropout_p, /*training=*/true, where);
}

Tensor scaled_dot_product_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                                    const AttentionOptions& options, Where where) {
  require_defined(kAttention, {&query, &key, &value});
  return matmul(attention_weights(query, key, options, where), value, where);
}

}  // namespace tarn
