#include <utility>

#include <tarn/data/distributed_sampler.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::data {

DistributedSampler::DistributedSampler(std::int64_t rank, std::int64_t num_replicas,
                                       std::shared_ptr<const Sampler> sampler)
    : share_{.rank = rank, .num_replicas = num_replicas},
      sampler_(sampler ? std::move(sampler) : std::make_shared<const RandomSampler>()) {
  if (num_replicas < 1 || rank < 0 || rank >= num_replicas) {
    throw ValueError(str("DistributedSampler: rank ", rank, " of ", num_replicas,
                         ": expected 0 <= rank < num_replicas"));
  }
  if (sampler_->share().num_replicas != 1) {
    throw ValueError(
        "DistributedSampler: its sampler is a DistributedSampler: expected the order "
        "of the whole epoch");
  }
}

std::vector<std::int64_t> DistributedSampler::indices(std::int64_t size, std::uint64_t seed,
                                                      std::uint64_t epoch) const {
  return sampler_->indices(size, seed, epoch);
}

std::int64_t DistributedSampler::num_samples(std::int64_t size) const {
  return sampler_->num_samples(size);
}

}  // namespace tarn::data
