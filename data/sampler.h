#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace tarn::data {

/// Which batches of an epoch a loader gives: those whose number is `rank` more than a multiple of
/// `num_replicas`, counted from where the epoch is gone on with.
struct Share {
  std::int64_t rank = 0;          ///< 0..num_replicas - 1
  std::int64_t num_replicas = 1;  ///< loaders that go through the epoch together
};

/// In which order an epoch visits the examples. A sampler is a function of (size, seed, epoch) and
/// has no state, so the order is the same on every run, for any number of workers, and after a
/// resume. One of one's own is one function:
///
///   struct Backwards : data::Sampler {
///     std::vector<std::int64_t> indices(std::int64_t size, std::uint64_t, std::uint64_t) const
///     override {
///       std::vector<std::int64_t> order(size);
///       for (std::int64_t i = 0; i < size; ++i) order[i] = size - 1 - i;
///       return order;
///     }
///   };
///   data::DataLoader loader(train, {.batch_size = 64, .sampler = std::make_shared<Backwards>()});
class Sampler {
 public:
  virtual ~Sampler();

  /// The indices of epoch `epoch` over a data set of `size` examples, each in 0..size - 1.
  virtual std::vector<std::int64_t> indices(std::int64_t size, std::uint64_t seed,
                                            std::uint64_t epoch) const = 0;

  /// How many indices an epoch has: `size` unless overridden.
  virtual std::int64_t num_samples(std::int64_t size) const { return size; }

  /// Which of the epoch's batches its loader gives: all, unless it is a DistributedSampler.
  virtual Share share() const { return {}; }
};

/// 0, 1, ..., size - 1 in every epoch.
class SequentialSampler : public Sampler {
 public:
  std::vector<std::int64_t> indices(std::int64_t size, std::uint64_t seed,
                                    std::uint64_t epoch) const override;
};

/// A new random permutation every epoch (random reshuffling).
class RandomSampler : public Sampler {
 public:
  std::vector<std::int64_t> indices(std::int64_t size, std::uint64_t seed,
                                    std::uint64_t epoch) const override;
};

/// One random permutation, the same in every epoch: RandomSampler's of epoch 0.
class ShuffleOnceSampler : public Sampler {
 public:
  std::vector<std::int64_t> indices(std::int64_t size, std::uint64_t seed,
                                    std::uint64_t epoch) const override;
};

/// Independent uniform draws: an example may come several times in an epoch, or not at all. This is
/// the sampling that the theory of stochastic gradients assumes (Robbins and Monro 1951).
class ReplacementSampler : public Sampler {
 public:
  /// An epoch has `num_samples` draws; by default as many as there are examples. Throws ValueError
  /// unless it is >= 1.
  explicit ReplacementSampler(std::optional<std::int64_t> num_samples = {});

  std::vector<std::int64_t> indices(std::int64_t size, std::uint64_t seed,
                                    std::uint64_t epoch) const override;
  /// 0 for an empty data set.
  std::int64_t num_samples(std::int64_t size) const override;

 private:
  std::optional<std::int64_t> num_samples_;
};

}  // namespace tarn::data
