#include <numeric>

#include <tarn/data/sampler.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/random.h>
#include <tarn/tensor/str.h>

namespace tarn::data {
namespace {

std::vector<std::int64_t> permutation(std::int64_t size, std::uint64_t seed, std::uint64_t epoch) {
  Generator generator(fork_seed(seed, epoch));
  return randperm(size, generator).to_vector<std::int64_t>();
}

}  // namespace

Sampler::~Sampler() = default;

std::vector<std::int64_t> SequentialSampler::indices(std::int64_t size, std::uint64_t,
                                                     std::uint64_t) const {
  std::vector<std::int64_t> order(static_cast<std::size_t>(size));
  std::iota(order.begin(), order.end(), 0);
  return order;
}

std::vector<std::int64_t> RandomSampler::indices(std::int64_t size, std::uint64_t seed,
                                                 std::uint64_t epoch) const {
  return permutation(size, seed, epoch);
}

std::vector<std::int64_t> ShuffleOnceSampler::indices(std::int64_t size, std::uint64_t seed,
                                                      std::uint64_t) const {
  return permutation(size, seed, 0);
}

ReplacementSampler::ReplacementSampler(std::optional<std::int64_t> num_samples)
    : num_samples_(num_samples) {
  if (num_samples && *num_samples < 1) {
    throw ValueError(str("ReplacementSampler: num_samples = ", *num_samples, ": expected >= 1"));
  }
}

std::vector<std::int64_t> ReplacementSampler::indices(std::int64_t size, std::uint64_t seed,
                                                      std::uint64_t epoch) const {
  if (size == 0) return {};
  Generator generator(fork_seed(seed, epoch));
  return randint(0, size, {num_samples(size)}, generator).to_vector<std::int64_t>();
}

std::int64_t ReplacementSampler::num_samples(std::int64_t size) const {
  return size == 0 ? 0 : num_samples_.value_or(size);
}

}  // namespace tarn::data
