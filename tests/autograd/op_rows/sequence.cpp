#include <optional>

#include <tarn/autograd/ops.h>
#include <tarn/tensor/factories.h>

#include "../op_table.h"
#include "arguments.h"

namespace tarn::testing {
namespace {

std::optional<std::int64_t> padding(Args a) {
  return a.has("padding_idx") ? std::optional(a.integer("padding_idx")) : std::nullopt;
}

// The masks of tests/fixtures/ops/sequence.py.
Tensor mask(const Tensor& query, const Tensor& key, Args a) {
  const std::int64_t which = integer_or(a, "mask", 0);
  if (which == 0) return {};
  const Tensor i = arange(query.size(-2)).unsqueeze(1);
  const Tensor j = arange(key.size(-2)).unsqueeze(0);
  std::vector<double> values;
  for (const auto number : ((which == 1 ? i + j : i + j * 2)).to_vector<std::int64_t>())
    values.push_back(which == 1 ? number % 3 != 1 : static_cast<double>(number % 5 - 2));
  return from_vector(values, {query.size(-2), key.size(-2)}).to(which == 1 ? kBool : query.dtype());
}

}  // namespace

std::vector<OpRow> sequence_rows() {
  return {
      {.name = "scaled_dot_product_attention",
       .kind = OpKind::composite,
       .function =
           [](In x, Args a) {
             return scaled_dot_product_attention(
                 x[0], x[1], x[2],
                 {.attn_mask = mask(x[0], x[1], a),
                  .is_causal = flag(a, "is_causal"),
                  .scale =
                      a.has("scale") ? std::optional(number_or(a, "scale", 0)) : std::nullopt});
           },
       .no_zero_dim = "takes rows",
       .cancels = true},
      {.name = "layer_norm",
       .function =
           [](In x, Args a) {
             return layer_norm(x[0], a.integers("shape"), {}, {}, number_or(a, "eps", 1e-5));
           },
       .no_zero_dim = "takes rows",
       .cancels = true},
      {.name = "layer_norm.affine",
       .kind = OpKind::composite,
       .function =
           [](In x, Args a) {
             return layer_norm(x[0], a.integers("shape"), x[1], x[2], number_or(a, "eps", 1e-5));
           },
       .no_zero_dim = "takes rows",
       .cancels = true},
      {.name = "one_hot",
       .kind = OpKind::not_differentiable,
       .function = [](In x, Args a) { return one_hot(x[0], integer_or(a, "num_classes", -1)); },
       .accepted = {"int32"}},
      {.name = "embedding",
       .kind = OpKind::composite,
       .function = [](In x, Args a) { return embedding(x[1], x[0], padding(a)); },
       .no_zero_dim = "takes rows"},
  };
}

}  // namespace tarn::testing
