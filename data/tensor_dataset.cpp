#include <tarn/data/detail/gather_rows.h>
#include <tarn/data/tensor_dataset.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::data {
namespace {

Tensor checked(const char* field, const Tensor& rows) {
  if (!rows.defined())
    throw ValueError(str("TensorDataset: ", field, " is undefined: expected a tensor [N, ...]"));
  if (rows.dim() == 0) throw ShapeError(str("TensorDataset: ", field, " is []: expected [N, ...]"));
  if (rows.requires_grad()) {
    throw ValueError(str("TensorDataset: ", field,
                         " requires grad, but batches are copies outside the graph: detach() it"));
  }
  return rows.contiguous();
}

}  // namespace

TensorDataset::TensorDataset(const Tensor& data, const Tensor& target)
    : data_(checked("data", data)), target_(checked("target", target)) {
  if (data.size(0) != target.size(0)) {
    throw ShapeError(str("TensorDataset: data ", data.sizes(), " has ", data.size(0),
                         " examples, target ", target.sizes(), " has ", target.size(0),
                         ": expected as many"));
  }
}

Example TensorDataset::get(std::int64_t index) const {
  const Batch batch = get_batch({&index, 1});
  return {batch.data.select(0, 0), batch.target.select(0, 0)};
}

Batch TensorDataset::get_batch(std::span<const std::int64_t> indices) const {
  for (const std::int64_t index : indices) check_index("TensorDataset", index, size());
  return {detail::gather_rows(data_, indices), detail::gather_rows(target_, indices)};
}

}  // namespace tarn::data
