#include <tarn/autograd/detail/checks.h>
#include <tarn/autograd/detail/defined.h>
#include <tarn/autograd/ops/comparison.h>
#include <tarn/autograd/ops/embedding.h>
#include <tarn/autograd/ops/indexing.h>
#include <tarn/autograd/ops/ordering.h>
#include <tarn/autograd/ops/views.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/str.h>

namespace tarn {

Tensor embedding(const Tensor& index, const Tensor& weight, std::optional<std::int64_t> padding_idx,
                 Where where) {
  require_defined("embedding", {&index, &weight});
  if (weight.dim() != 2)
    throw ShapeError(str("embedding: weight has shape ", weight.sizes(), ": expected [V, D]"));
  const std::int64_t rows = weight.sizes()[0];
  const Tensor flat = checked_index("embedding", index, rows).view(-1);
  Tensor picked = index_select(weight, 0, flat, where);
  if (padding_idx) {
    if (*padding_idx < -rows || *padding_idx >= rows) {
      throw IndexError(
          str("embedding: padding_idx = ", *padding_idx, " is out of range for ", rows, " rows"));
    }
    const Tensor is_padding = eq(flat, *padding_idx + (*padding_idx < 0 ? rows : 0)).unsqueeze(1);
    picked = tarn::where(is_padding, picked.detach(), picked, where);
  }
  Shape shape = index.sizes();
  shape.insert(shape.size(), weight.sizes()[1]);
  return reshape(picked, shape, where);
}

Tensor one_hot(const Tensor& index, std::int64_t num_classes) {
  require_defined("one_hot", {&index});
  if (num_classes < -1 || (num_classes == -1 && index.numel() == 0)) {
    throw ValueError(str("one_hot: num_classes = ", num_classes, " for an index of shape ",
                         index.sizes(), ": expected a number >= 0"));
  }
  const std::int64_t classes =
      num_classes == -1 ? max(index).item<std::int64_t>() + 1 : num_classes;
  checked_index("one_hot", index, classes);
  return eq(unsqueeze(index, -1), arange(classes)).to(kInt64);
}

}  // namespace tarn
