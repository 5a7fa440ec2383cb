#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <torch/data/datasets.h>
#include <torch/data/samplers.h>
#include <torch/macros.h>

#include <tarn/data/dataloader.h>
#include <tarn/tensor/factories.h>

namespace torch::data {

/// How a loader makes batches. Batches come in order; `timeout` and `enforce_ordering` are not
/// offered.
struct DataLoaderOptions {
  DataLoaderOptions(std::size_t batch_size = 1) : batch_size_(batch_size) {}  // NOLINT
  TORCH_ARG(std::size_t, batch_size);
  TORCH_ARG(std::size_t, workers) = 0;
  /// Batches fetched ahead by all workers; by default two for each.
  TORCH_ARG(std::optional<std::size_t>, max_jobs);
  TORCH_ARG(bool, drop_last) = false;
};

namespace detail {

/// A data set of libtorch's as one of tarn's. A batch may be of any type: it travels as the bytes
/// of a tensor that owns it. Each thread takes a copy of the data set for the time of a
/// get_batch().
template <class Source>
class LoaderDataset : public tarn::data::Dataset {
 public:
  using BatchType = typename Source::BatchType;

  explicit LoaderDataset(Source source) : size_(source.size()), pool_(std::make_shared<Pool>()) {
    if (!size_) {
      throw tarn::ValueError("make_data_loader: the data set's size() is empty: expected a number");
    }
    pool_->idle.push_back(std::make_unique<Source>(std::move(source)));
  }

  std::int64_t size() const override { return static_cast<std::int64_t>(*size_); }
  tarn::data::Example get(std::int64_t index) const override {
    const tarn::data::Batch batch = get_batch(std::span<const std::int64_t>(&index, 1));
    return {batch.data, batch.target};
  }
  tarn::data::Batch get_batch(std::span<const std::int64_t> indices) const override {
    const std::vector<std::size_t> request(indices.begin(), indices.end());
    const Lease source(*pool_);
    const auto batch = std::make_shared<BatchType>(source->get_batch(request));
    return {tarn::from_blob(reinterpret_cast<std::uint8_t*>(batch.get()),
                            {static_cast<std::int64_t>(sizeof(BatchType))}, batch),
            {}};
  }

  static BatchType& unpack(const tarn::data::Batch& batch) {
    return *std::launder(reinterpret_cast<BatchType*>(batch.data.data_ptr<std::uint8_t>()));
  }

 private:
  struct Pool {
    std::mutex mutex;
    std::vector<std::unique_ptr<Source>> idle;  // the one at the front is never lent, but copied
  };
  class Lease {
   public:
    explicit Lease(Pool& pool) : pool_(pool) {
      const std::lock_guard lock(pool.mutex);
      if (pool.idle.size() > 1) {
        source_ = std::move(pool.idle.back());
        pool.idle.pop_back();
      } else {
        source_ = std::make_unique<Source>(*pool.idle.front());
      }
    }
    ~Lease() {
      const std::lock_guard lock(pool_.mutex);
      pool_.idle.push_back(std::move(source_));
    }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Source* operator->() const { return source_.get(); }

   private:
    Pool& pool_;
    std::unique_ptr<Source> source_;
  };

  std::optional<std::size_t> size_;
  std::shared_ptr<Pool> pool_;
};

/// A sampler of libtorch's as one of tarn's: each epoch resets it and takes all of its indices.
template <class Source>
class LoaderSampler : public tarn::data::Sampler {
 public:
  explicit LoaderSampler(Source source, std::size_t size) : source_(std::move(source)) {
    tarn::Generator aside;  // counting takes no random numbers from the program
    const tarn::GeneratorGuard guard(aside);
    Source copy = source_;
    count_ = drain(copy, size).size();
  }

  std::vector<std::int64_t> indices(std::int64_t size, std::uint64_t,
                                    std::uint64_t) const override {
    return drain(source_, static_cast<std::size_t>(size));
  }
  std::int64_t num_samples(std::int64_t) const override {
    return static_cast<std::int64_t>(count_);
  }

 private:
  static std::vector<std::int64_t> drain(Source& source, std::size_t size) {
    std::vector<std::int64_t> all;
    source.reset(std::nullopt);  // its own size: a sampler of fewer examples visits only those
    while (const auto part = source.next(std::max<std::size_t>(size, 1))) {
      all.insert(all.end(), part->begin(), part->end());
    }
    return all;
  }

  mutable Source source_;
  std::size_t count_ = 0;
};

}  // namespace detail

/// Goes through a data set in batches, an epoch for each begin(). See tarn::data::DataLoader, which
/// does the work, for what it throws.
///
///   auto loader = torch::data::make_data_loader(std::move(dataset), 64);
///   for (auto& batch : *loader) model->forward(batch.data);
template <class Source>
class StatelessDataLoader {
 public:
  using BatchType = typename Source::BatchType;

  template <class Sampler>
  StatelessDataLoader(Source dataset, const Sampler& sampler, const DataLoaderOptions& options)
      : options_(options),
        loader_(detail::LoaderDataset<Source>(dataset), core_options(dataset, sampler, options)) {}

  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = BatchType;
    using difference_type = std::ptrdiff_t;
    using pointer = BatchType*;
    using reference = BatchType&;

    /// The end of an epoch.
    Iterator() = default;
    explicit Iterator(tarn::data::DataLoader::Iterator begin)
        : core_(std::make_shared<tarn::data::DataLoader::Iterator>(std::move(begin))) {}

    BatchType& operator*() const { return detail::LoaderDataset<Source>::unpack(**core_); }
    BatchType* operator->() const { return &**this; }
    Iterator& operator++() {
      ++*core_;
      return *this;
    }
    bool operator==(const Iterator& other) const { return at_end() == other.at_end(); }

   private:
    bool at_end() const { return !core_ || *core_ == std::default_sentinel; }

    std::shared_ptr<tarn::data::DataLoader::Iterator> core_;
  };

  Iterator begin() { return Iterator(loader_.begin()); }
  Iterator end() { return {}; }
  const DataLoaderOptions& options() const { return options_; }
  /// Workers end with their epoch's iterator; nothing is left to do.
  void join() {}

 private:
  template <class Sampler>
  static tarn::data::DataLoaderOptions core_options(const Source& dataset, const Sampler& sampler,
                                                    const DataLoaderOptions& options) {
    const std::size_t workers = options.workers();
    const std::size_t ahead = options.max_jobs().value_or(2 * workers);
    return {.batch_size = static_cast<std::int64_t>(options.batch_size()),
            .drop_last = options.drop_last(),
            .num_workers = static_cast<int>(workers),
            .prefetch_factor =
                static_cast<int>(workers == 0 ? 1 : std::max<std::size_t>(ahead / workers, 1)),
            .sampler = std::make_shared<detail::LoaderSampler<Sampler>>(
                sampler, dataset.size().value_or(0))};
  }

  DataLoaderOptions options_;
  tarn::data::DataLoader loader_;
};

/// A loader that visits the examples in the order of `sampler`.
template <class Source, class Sampler>
requires(!std::is_convertible_v<Sampler, DataLoaderOptions>)
    std::unique_ptr<StatelessDataLoader<Source>> make_data_loader(
        Source dataset, Sampler sampler, const DataLoaderOptions& options = {}) {
  return std::make_unique<StatelessDataLoader<Source>>(std::move(dataset), sampler, options);
}

/// A loader with a Sampler of the data set's size; a random order by default.
template <class Sampler = samplers::RandomSampler, class Source>
std::unique_ptr<StatelessDataLoader<Source>> make_data_loader(
    Source dataset, const DataLoaderOptions& options = {}) {
  const std::optional<std::size_t> size = dataset.size();
  if (!size) {
    throw tarn::ValueError("make_data_loader: the data set's size() is empty: expected a number");
  }
  return make_data_loader(std::move(dataset), Sampler(*size), options);
}

}  // namespace torch::data
