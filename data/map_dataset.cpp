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

}  // namespace tarn::data
