#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <vector>

#include <tarn/tensor/error.h>
#include <tarn/tensor/random.h>
#include <tarn/tensor/str.h>

namespace torch::data::samplers {

/// In which order an epoch visits the examples: reset() begins one, next() gives the next indices,
/// at most `batch_size`, and nothing at the end.
template <class BatchRequest = std::vector<std::size_t>>
class Sampler {
 public:
  using BatchRequestType = BatchRequest;

  virtual ~Sampler() = default;
  virtual void reset(std::optional<std::size_t> new_size) = 0;
  virtual std::optional<BatchRequest> next(std::size_t batch_size) = 0;
};

namespace detail {

/// Gives out a list that is made anew by each reset().
class ListSampler : public Sampler<> {
 public:
  void reset(std::optional<std::size_t> new_size = {}) override {
    if (new_size) size_ = *new_size;
    list_ = make_list(size_);
    index_ = 0;
  }
  std::optional<std::vector<std::size_t>> next(std::size_t batch_size) override {
    if (index_ == list_.size()) return {};
    const std::size_t count = std::min(batch_size, list_.size() - index_);
    const auto begin = list_.begin() + static_cast<std::ptrdiff_t>(index_);
    index_ += count;
    return std::vector<std::size_t>(begin, begin + static_cast<std::ptrdiff_t>(count));
  }
  /// How many indices of this epoch were given out.
  std::size_t index() const { return index_; }

 protected:
  explicit ListSampler(std::size_t size) : size_(size) {}
  virtual std::vector<std::size_t> make_list(std::size_t size) const = 0;

  static std::vector<std::size_t> in_order(std::size_t size) {
    std::vector<std::size_t> list(size);
    std::iota(list.begin(), list.end(), std::size_t{0});
    return list;
  }
  static std::vector<std::size_t> shuffled(std::size_t size, tarn::Generator& generator) {
    const tarn::Tensor order = tarn::randperm(static_cast<std::int64_t>(size), generator);
    const std::vector<std::int64_t> list = order.to_vector<std::int64_t>();
    return {list.begin(), list.end()};
  }
  std::size_t size() const { return size_; }

 private:
  std::size_t size_;
  std::vector<std::size_t> list_;
  std::size_t index_ = 0;
};

}  // namespace detail

/// 0, 1, ..., size - 1
class SequentialSampler : public detail::ListSampler {
 public:
  explicit SequentialSampler(std::size_t size) : ListSampler(size) { reset(); }

 protected:
  std::vector<std::size_t> make_list(std::size_t size) const override { return in_order(size); }
};

/// A new random order each time, drawn from the default generator.
class RandomSampler : public detail::ListSampler {
 public:
  explicit RandomSampler(std::size_t size) : ListSampler(size) {}

 protected:
  std::vector<std::size_t> make_list(std::size_t size) const override {
    return shuffled(size, tarn::default_generator());
  }
};

/// The part of an epoch that one of several processes visits. All parts are of the same length:
/// with `allow_duplicates` some examples come twice where that does not divide, else some are left
/// out. It is process `rank` of `num_replicas`.
class DistributedSampler : public detail::ListSampler {
 public:
  /// Chooses the epoch, whose order all processes share. reset() begins it.
  void set_epoch(std::size_t epoch) { epoch_ = epoch; }
  std::size_t epoch() const { return epoch_; }

 protected:
  /// Throws ValueError unless rank < num_replicas.
  DistributedSampler(std::size_t size, std::size_t num_replicas, std::size_t rank,
                     bool allow_duplicates)
      : ListSampler(size),
        num_replicas_(num_replicas),
        rank_(rank),
        allow_duplicates_(allow_duplicates) {
    if (rank >= num_replicas) {
      throw tarn::ValueError(tarn::str("DistributedSampler: rank = ", rank, ", num_replicas = ",
                                       num_replicas, ": expected rank < num_replicas"));
    }
  }

  std::vector<std::size_t> make_list(std::size_t size) const override {
    std::vector<std::size_t> all = global_list(size);
    const std::size_t parts = num_replicas_;
    const std::size_t count = (size + (allow_duplicates_ ? parts - 1 : 0)) / parts;
    for (std::size_t i = 0; size > 0 && all.size() < count * parts; ++i) all.push_back(all[i]);
    return part(all, count);
  }
  /// The order that the processes share.
  virtual std::vector<std::size_t> global_list(std::size_t size) const = 0;
  /// This process's `count` of them.
  virtual std::vector<std::size_t> part(const std::vector<std::size_t>& all,
                                        std::size_t count) const = 0;

  std::size_t num_replicas() const { return num_replicas_; }
  std::size_t rank() const { return rank_; }

 private:
  std::size_t num_replicas_;
  std::size_t rank_;
  bool allow_duplicates_;
  std::size_t epoch_ = 0;
};

/// A random order that depends on the epoch alone; a process gets every num_replicas-th of it.
class DistributedRandomSampler : public DistributedSampler {
 public:
  explicit DistributedRandomSampler(std::size_t size, std::size_t num_replicas = 1,
                                    std::size_t rank = 0, bool allow_duplicates = true)
      : DistributedSampler(size, num_replicas, rank, allow_duplicates) {
    reset();
  }

 protected:
  std::vector<std::size_t> global_list(std::size_t size) const override {
    tarn::Generator generator(epoch());
    return shuffled(size, generator);
  }
  std::vector<std::size_t> part(const std::vector<std::size_t>& all,
                                std::size_t count) const override {
    std::vector<std::size_t> list(count);
    for (std::size_t i = 0; i < count; ++i) list[i] = all[rank() + i * num_replicas()];
    return list;
  }
};

/// The order of the data set; a process gets one piece of it.
class DistributedSequentialSampler : public DistributedSampler {
 public:
  explicit DistributedSequentialSampler(std::size_t size, std::size_t num_replicas = 1,
                                        std::size_t rank = 0, bool allow_duplicates = true)
      : DistributedSampler(size, num_replicas, rank, allow_duplicates) {
    reset();
  }

 protected:
  std::vector<std::size_t> global_list(std::size_t size) const override { return in_order(size); }
  std::vector<std::size_t> part(const std::vector<std::size_t>& all,
                                std::size_t count) const override {
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(rank() * count);
    return {begin, begin + static_cast<std::ptrdiff_t>(count)};
  }
};

}  // namespace torch::data::samplers
