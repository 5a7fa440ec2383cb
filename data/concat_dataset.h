#pragma once

#include <cstdint>
#include <vector>

#include <tarn/data/dataset.h>

namespace tarn::data {

/// Several data sets one after the other, as they are when it is made.
///
///   data::ConcatDataset both({train, extra});
class ConcatDataset : public Dataset {
 public:
  /// Throws ValueError for no data sets.
  explicit ConcatDataset(std::vector<DatasetRef> datasets);

  std::int64_t size() const override { return ends_.back(); }
  Example get(std::int64_t index) const override;
  Batch get_batch(std::span<const std::int64_t> indices) const override;
  bool in_memory() const override;

 private:
  /// Which data set an example is from, and its index there.
  struct Place {
    std::size_t part;
    std::int64_t index;
  };
  Place place(std::int64_t index) const;

  std::vector<DatasetRef> datasets_;
  std::vector<std::int64_t> ends_;  // numbers of examples up to the end of each
};

}  // namespace tarn::data
