#include <tarn/data/fetch_scope.h>
#include <tarn/data/map_dataset.h>
#include <tarn/tensor/error.h>

namespace tarn::data {

MapDataset::MapDataset(DatasetRef dataset, std::shared_ptr<const Transform> transform)
    : dataset_(std::move(dataset)), transform_(std::move(transform)) {
  if (!transform_) throw ValueError("MapDataset: the transform is null: expected one");
}

Example MapDataset::get(std::int64_t index) const {
  Example example = dataset_->get(index);
  example.data = (*transform_)(example.data);
  return example;
}

Batch MapDataset::get_batch(std::span<const std::int64_t> indices) const {
  if (indices.empty() || !in_memory()) return Dataset::get_batch(indices);
  Batch batch = dataset_->get_batch(indices);
  batch.data = transform_->apply_rows(batch.data, RowRandom(indices));
  return batch;
}

}  // namespace tarn::data
