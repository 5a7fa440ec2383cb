#pragma once

#include <concepts>
#include <cstdint>
#include <vector>

#include <tarn/data/dataset.h>
#include <tarn/tensor/random.h>

namespace tarn::data {

/// Some of the examples of another data set, in the order of `indices`, which may repeat.
class Subset : public Dataset {
 public:
  /// Throws IndexError for an index outside the data set.
  Subset(DatasetRef dataset, std::vector<std::int64_t> indices);

  std::int64_t size() const override { return static_cast<std::int64_t>(indices_.size()); }
  Example get(std::int64_t index) const override;
  Batch get_batch(std::span<const std::int64_t> indices) const override;
  bool in_memory() const override { return dataset_->in_memory(); }

  const std::vector<std::int64_t>& indices() const { return indices_; }

 private:
  DatasetRef dataset_;
  std::vector<std::int64_t> indices_;
};

/// How large a part of a data set is: a whole number is a number of examples, another one a
/// fraction.
struct SplitSize {
  template <std::integral T>
  SplitSize(T examples)  // NOLINT(google-explicit-constructor)
      : value(static_cast<double>(examples)), is_fraction(false) {}
  template <std::floating_point T>
  SplitSize(T fraction)  // NOLINT(google-explicit-constructor)
      : value(fraction), is_fraction(true) {}
  double value;
  bool is_fraction;
};

/// Divides the examples at random into parts that share none:
///
///   auto parts = data::random_split(train, {55'000, 5'000}, 0);
///   auto parts = data::random_split(train, {0.9, 0.1}, 0);
///
/// Fractions add up to 1; each part gets the examples rounded down, and those left over go to the
/// parts from the first on, one each. As PyTorch's random_split. The same seed gives the same
/// parts. Throws ValueError for sizes that are negative or not finite, do not add up to the data
/// set's size (or to 1), or are partly numbers and partly fractions.
std::vector<Subset> random_split(const DatasetRef& dataset, const std::vector<SplitSize>& sizes,
                                 std::uint64_t seed);
std::vector<Subset> random_split(const DatasetRef& dataset, const std::vector<SplitSize>& sizes,
                                 Generator& generator = default_generator());

}  // namespace tarn::data
