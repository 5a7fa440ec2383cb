#pragma once

#include <tarn/data/dataset.h>

namespace tarn::data {

/// Examples that lie in memory as two tensors:
///
///   data::TensorDataset points(x, y);              // x [N, *], y [N, *]
///   data::DataLoader loader(points, {.batch_size = 32});
///
/// Examples and batches are copies: changing them in place leaves the data set as it is.
class TensorDataset : public Dataset {
 public:
  /// Row i of `data` and row i of `target` are example i. Contiguous tensors are shared, others
  /// copied once. Throws ShapeError for 0-d tensors or unequal numbers of rows, ValueError for an
  /// undefined tensor or one that requires grad.
  TensorDataset(const Tensor& data, const Tensor& target);

  std::int64_t size() const override { return data_.size(0); }
  Example get(std::int64_t index) const override;
  Batch get_batch(std::span<const std::int64_t> indices) const override;
  bool in_memory() const override { return true; }

  const Tensor& data() const { return data_; }
  const Tensor& target() const { return target_; }

 private:
  Tensor data_;
  Tensor target_;
};

}  // namespace tarn::data
