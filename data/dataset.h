#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <tarn/tensor/tensor.h>

namespace tarn::data {

/// One example: what goes into the model, and what should come out.
struct Example {
  Tensor data;
  Tensor target;
};

/// Several examples, stacked along a new dimension in front: data [B, *], target [B, *].
struct Batch {
  Tensor data;
  Tensor target;
};

/// Something with a size that gives examples by index. A data set of one's own needs two functions:
///
///   struct Squares : data::Dataset {
///     std::int64_t size() const override { return 100; }
///     data::Example get(std::int64_t i) const override {
///       return {tensor({double(i)}), tensor({double(i * i)})};
///     }
///   };
///
/// A DataLoader with workers calls get() and get_batch() from several threads at once.
class Dataset {
 public:
  Dataset() = default;
  Dataset(const Dataset&) = default;
  Dataset(Dataset&&) = default;
  Dataset& operator=(const Dataset&) = default;
  Dataset& operator=(Dataset&&) = default;
  virtual ~Dataset();

  /// Number of examples.
  virtual std::int64_t size() const = 0;

  /// The example at `index`, 0..size() - 1. The target may be undefined, for all examples or for
  /// none.
  virtual Example get(std::int64_t index) const = 0;

  /// The examples at `indices` as one batch. Data sets in memory override it to gather all rows at
  /// once; this version calls get() for one after the other. Inside a FetchScope (a DataLoader
  /// opens one for each batch) random ops in get() draw from a generator of the example's own, so
  /// what they give depends on the scope's seed, its epoch and the index. Throws ShapeError and
  /// DTypeError naming the first example that differs from the batch's first one, ValueError for no
  /// indices or an undefined tensor, and what get() throws.
  virtual Batch get_batch(std::span<const std::int64_t> indices) const;

  /// Whether get_batch() gathers the rows of tensors in memory instead of calling get(). A
  /// transform then sees the batch as a whole.
  virtual bool in_memory() const { return false; }
};

/// Makes one batch of several examples.
using Collate = std::function<Batch(const std::vector<Example>& examples)>;

/// The examples at `indices`, one by one, with random numbers as in Dataset::get_batch.
std::vector<Example> get_examples(const Dataset& dataset, std::span<const std::int64_t> indices);

/// The examples stacked along a new dimension in front; what a DataLoader does unless it is given
/// another Collate. Throws ShapeError and DTypeError naming the first example that differs from the
/// first one, ValueError for no examples or undefined data.
Batch default_collate(const std::vector<Example>& examples);

/// A data set as its readers hold it: one passed by name is referred to and must outlive the
/// reader, a temporary or moved one is kept inside.
class DatasetRef {
 public:
  DatasetRef(const Dataset& dataset)  // NOLINT(google-explicit-constructor)
      : dataset_(std::shared_ptr<void>(), &dataset) {}
  template <class D>
  requires(!std::is_reference_v<D> && std::derived_from<D, Dataset>)
      DatasetRef(D&& dataset)  // NOLINT(google-explicit-constructor)
      : dataset_(std::make_shared<D>(std::move(dataset))) {}

  const Dataset& operator*() const { return *dataset_; }
  const Dataset* operator->() const { return dataset_.get(); }

 private:
  std::shared_ptr<const Dataset> dataset_;
};

/// Throws IndexError "<name>: index 60000 is out of range: expected 0..59999" unless 0 <= index <
/// size.
void check_index(const char* name, std::int64_t index, std::int64_t size);

}  // namespace tarn::data
