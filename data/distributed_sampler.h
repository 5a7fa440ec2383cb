#pragma once

#include <memory>

#include <tarn/data/sampler.h>

namespace tarn::data {

/// Deals the batches of an epoch to ranks that train together. PyTorch's DistributedSampler.
///
///   data::DataLoader loader(train, {
///     .batch_size = 64,                                        // of each rank
///     .sampler = std::make_shared<data::DistributedSampler>(distributed::rank(),
///                                                           distributed::size())});
///
/// All ranks go through one order, and with 3 ranks the first takes the batches 0, 3, 6, ... of
/// those that a single loader would give: the same examples, with the same random numbers, each
/// exactly once. So the last step may have a short batch, or none on some ranks: they leave the
/// loop earlier, and take part in the others' steps with distributed::DistributedDataParallel's
/// join().
///
/// The loaders need the same seed and batch size on all ranks, as with the same manual_seed(). The
/// loader's state says nothing of ranks: a run may go on with any number of them.
class DistributedSampler : public Sampler {
 public:
  /// The batches of rank `rank` of `num_replicas`, in the order of `sampler`; by default a
  /// RandomSampler. Throws ValueError unless 0 <= rank < num_replicas, and for a sampler that is a
  /// share itself.
  DistributedSampler(std::int64_t rank, std::int64_t num_replicas,
                     std::shared_ptr<const Sampler> sampler = nullptr);

  /// The whole order, the same on all ranks; a DataLoader takes its batches out of it.
  std::vector<std::int64_t> indices(std::int64_t size, std::uint64_t seed,
                                    std::uint64_t epoch) const override;
  /// Of all ranks.
  std::int64_t num_samples(std::int64_t size) const override;
  Share share() const override { return share_; }

 private:
  Share share_;
  std::shared_ptr<const Sampler> sampler_;
};

}  // namespace tarn::data
