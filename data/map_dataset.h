#pragma once

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

#include <tarn/data/dataset.h>
#include <tarn/data/transforms/transform.h>

namespace tarn::data {

/// Another data set with a transform applied to the data of each example; targets stay. Made by
/// map().
class MapDataset : public Dataset {
 public:
  /// Throws ValueError for no transform.
  MapDataset(DatasetRef dataset, std::shared_ptr<const Transform> transform);

  std::int64_t size() const override { return dataset_->size(); }
  Example get(std::int64_t index) const override;
  /// With a data set in memory, the transform sees all rows at once.
  Batch get_batch(std::span<const std::int64_t> indices) const override;
  bool in_memory() const override { return dataset_->in_memory(); }

 private:
  DatasetRef dataset_;
  std::shared_ptr<const Transform> transform_;
};

/// `dataset` seen through `transform`: a Transform, or any callable from Tensor to Tensor.
///
///   data::MNIST train("data/mnist", {.flatten = false});
///   auto turned = data::map(train, data::RandomAffine({.degrees = 10}));
///   auto flat = data::map(turned, [](const Tensor& x) { return x.flatten(); });
template <class F>
MapDataset map(DatasetRef dataset, F transform) {
  if constexpr (std::derived_from<F, Transform>) {
    return {std::move(dataset), std::make_shared<const F>(std::move(transform))};
  } else {
    static_assert(std::is_invocable_r_v<Tensor, const F&, const Tensor&>,
                  "map: expected a Transform or a callable Tensor(const Tensor&) that is const");
    return {std::move(dataset), std::make_shared<const Lambda<F>>(std::move(transform))};
  }
}

}  // namespace tarn::data
