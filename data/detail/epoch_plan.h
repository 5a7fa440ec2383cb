#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include <tarn/data/dataset.h>
#include <tarn/data/detail/batch_grid.h>

namespace tarn::data::detail {

/// One epoch, decided before its first batch is fetched: which examples each batch holds, and the
/// keys of their random numbers. Fetching only reads it, so any number of threads may.
struct EpochPlan {
  DatasetRef dataset;
  std::vector<std::int64_t> order;  ///< indices of the examples, in order of use
  BatchGrid grid;
  std::int64_t batches;  ///< of the epoch, those before the grid included
  Collate collate;       ///< empty: Dataset::get_batch
  std::uint64_t seed;
  std::uint64_t epoch;

  /// The batch with number `batch`, 0..batches - 1, for the worker with number `worker`, or -1 for
  /// the thread of the training loop. What the data set throws arrives nested in a WorkerError that
  /// names the example. `cancelled` is FetchScope's.
  Batch fetch(std::int64_t batch, int worker, const std::atomic<bool>* cancelled) const;
};

}  // namespace tarn::data::detail
