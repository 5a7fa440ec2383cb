#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>

#include <tarn/data/dataset.h>
#include <tarn/data/detail/batch_grid.h>
#include <tarn/data/sampler.h>
#include <tarn/tensor/state_dict.h>

namespace tarn::data {

/// How a DataLoader makes batches.
struct DataLoaderOptions {
  std::int64_t batch_size = 1;  ///< examples in a batch, >= 1
  bool shuffle = true;     ///< a new random order every epoch; false: the order of the data set
  bool drop_last = false;  ///< leave out the last batch when it is short
  int num_workers =
      0;  ///< threads that fetch ahead, 0..1024; 0: fetch in the training loop's thread
  int prefetch_factor = 2;                   ///< batches fetched ahead for each worker, 1..1024
  std::shared_ptr<const Sampler> sampler{};  ///< decides the order in place of `shuffle`
  std::optional<std::uint64_t>
      seed{};  ///< of all its random numbers; by default drawn from default_generator()
  /// Makes a batch of its examples; by default Dataset::get_batch stacks them. Called by several
  /// threads at once when there are workers.
  Collate collate{};
};

/// Goes through a data set in batches.
///
///   data::DataLoader loader(train, {.batch_size = 64});
///   for (int epoch = 0; epoch < 10; ++epoch) {
///     for (auto& [x, y] : loader) {       // a new shuffle every time
///       ...
///     }
///   }
///
/// The batches are a function of (data set, options, seed, epoch): the same bits for any number of
/// workers and threads, also across state_dict() and load_state_dict(). Making a loader without a
/// seed takes one stream of the default generator; going through it takes none.
///
/// An example that fails throws WorkerError "data[4711] (worker 2): <text>", or "(no worker)" with
/// num_workers = 0, where its batch would have come, with the original exception nested in it; the
/// loader can be used again. Fetching records no gradients.
class DataLoader {
 public:
  class Iterator;

  /// A data set passed by name must outlive the loader and its iterators; a temporary or moved one
  /// is kept inside. Throws ValueError for options out of range. A data set without examples is
  /// allowed: no batches, and a warning.
  explicit DataLoader(DatasetRef dataset, DataLoaderOptions options = {});

  /// Begins the next epoch and fetches its first batch. Several epochs may be under way at once.
  /// Throws ValueError when the data set's size has changed or the sampler gives another number of
  /// indices than it says, IndexError for an index outside the data set, Error when the system
  /// refuses a thread (no epoch has begun after these), and WorkerError.
  Iterator begin();
  std::default_sentinel_t end() const { return {}; }

  /// Number of batches in an epoch. With a DistributedSampler, that of the rank which has most, the
  /// same on all ranks: the number of steps.
  std::int64_t size() const;
  /// Number of examples in the data set.
  std::int64_t dataset_size() const { return dataset_size_; }
  std::int64_t batch_size() const { return options_.batch_size; }
  /// From the next batch on, also inside an epoch (of several under way, the one begun last): the
  /// examples that are left come in batches of the new size. What workers have fetched ahead is
  /// fetched again. Throws ValueError unless it is >= 1.
  void set_batch_size(std::int64_t batch_size);

  /// The number of the epoch that begin() will begin, or go on with after load_state_dict(); the
  /// first is 0.
  std::uint64_t epoch() const { return next_.epoch; }
  /// Batches of that epoch, of all ranks, that begin() will leave out: 0 unless a state from within
  /// it was loaded.
  std::int64_t batch() const { return next_.batch; }
  /// begin() will begin this epoch, from its first batch.
  void set_epoch(std::uint64_t epoch);

  /// Where the loop has got to: with it another loader over the same data gives the batches that
  /// this one has yet to give, bit for bit and for any number of workers. Taken inside a loop, or
  /// after it was left early, the batch of the loop counts as used: loading the state and iterating
  /// gives the rest of the epoch. That rest is empty when the state was taken with the last batch;
  /// once the loop has ended it is the next epoch. Of several epochs under way, it is about the one
  /// begun last.
  ///
  /// A batch size that was set is part of the state: the other loader takes it over, if it was made
  /// with the batch size that this one was made with.
  ///
  /// With a DistributedSampler the state is about the epoch that the ranks share: take that of rank
  /// 0, which has as many batches as any. Any number of ranks may go on with it.
  ///
  /// Entries, int64 []: seed, epoch, batch (used so far), first_batch and first_example (those
  /// before the batches of the present size, in that epoch), epoch_batch_size (that size),
  /// batch_size, made_batch_size (in the options), drop_last, dataset_size, order (a hash of the
  /// sampler's indices in this epoch and the next).
  StateDict state_dict() const;
  /// Throws IndexError for a missing entry and ValueError for one that is not a single int64, is
  /// out of range or does not fit this loader: another batch_size, drop_last, dataset_size or
  /// order, or another seed than the one in its options. The loader is then as before.
  void load_state_dict(const StateDict& state);

 private:
  DatasetRef dataset_;
  DataLoaderOptions options_;
  std::int64_t made_batch_size_;
  std::int64_t dataset_size_;
  std::uint64_t seed_;

  // A place between two batches. Epochs under way keep theirs up to date.
  struct Place {
    std::uint64_t epoch = 0;
    std::int64_t batch = 0;
    detail::BatchGrid grid{};     // with a batch_size of 0: that of the options
    std::int64_t batch_size = 0;  // of the batches to come
    bool ended = false;
  };
  std::uint64_t order_hash(std::uint64_t seed, std::uint64_t epoch) const;

  Place next_;
  std::shared_ptr<Place> running_;  // of the epoch begun last; null when next_ was set since
};

/// A place in one epoch, and the batch there. It owns the epoch: its order, its workers, its batch.
/// Destroying it early ends the workers.
class DataLoader::Iterator {
 public:
  using iterator_concept = std::input_iterator_tag;
  using value_type = Batch;
  using difference_type = std::ptrdiff_t;

  Iterator(Iterator&&) noexcept;
  Iterator& operator=(Iterator&&) noexcept;
  ~Iterator();

  /// The batch, the caller's own to change. Its tensors are undefined at the end and after an
  /// exception.
  Batch& operator*() const;
  Batch* operator->() const { return &**this; }
  /// Drops the batch and fetches the next one. Throws WorkerError; another ++ then goes on behind
  /// the failed batch.
  Iterator& operator++();
  void operator++(int) { ++*this; }
  bool operator==(std::default_sentinel_t) const;

 private:
  friend class DataLoader;
  struct Run;
  explicit Iterator(std::unique_ptr<Run> run);

  std::unique_ptr<Run> run_;
};

}  // namespace tarn::data
