#include <algorithm>
#include <cmath>
#include <numeric>

#include <tarn/data/weighted_random_sampler.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/random.h>
#include <tarn/tensor/str.h>

namespace tarn::data {

WeightedRandomSampler::WeightedRandomSampler(std::vector<double> weights, std::int64_t num_samples,
                                             bool replacement)
    : weights_(std::move(weights)), num_samples_(num_samples), replacement_(replacement) {
  std::int64_t positive = 0;
  double largest = 0;
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    if (!std::isfinite(weights_[i]) || weights_[i] < 0) {
      throw ValueError(str("WeightedRandomSampler: weights[", i, "] = ", weights_[i],
                           ": expected a finite number >= 0"));
    }
    positive += weights_[i] > 0;
    largest = std::max(largest, weights_[i]);
  }
  if (positive == 0) {
    throw ValueError(str("WeightedRandomSampler: none of the ", weights_.size(),
                         " weights is > 0: expected one at least"));
  }
  double sum = 0;
  for (double& weight : weights_) sums_.push_back(sum += weight /= largest);
  if (num_samples < 1) {
    throw ValueError(str("WeightedRandomSampler: num_samples = ", num_samples, ": expected >= 1"));
  }
  if (!replacement && num_samples > positive) {
    throw ValueError(str("WeightedRandomSampler: num_samples = ", num_samples,
                         " without replacement: expected at most ", positive,
                         ", the number of weights > 0"));
  }
}

std::int64_t WeightedRandomSampler::num_samples(std::int64_t size) const {
  if (size == static_cast<std::int64_t>(weights_.size())) return num_samples_;
  throw ValueError(str("WeightedRandomSampler: ", weights_.size(), " weights for ", size,
                       " examples: expected one for each"));
}

std::vector<std::int64_t> WeightedRandomSampler::indices(std::int64_t size, std::uint64_t seed,
                                                         std::uint64_t epoch) const {
  const auto count = static_cast<std::size_t>(num_samples(size));
  Generator generator(fork_seed(seed, epoch));
  const std::int64_t draws = replacement_ ? num_samples_ : size;
  const std::vector<double> uniform =
      rand({draws}, generator, {.dtype = kFloat64}).to_vector<double>();
  std::vector<std::int64_t> order(replacement_ ? count : weights_.size());
  if (replacement_) {
    // The first sum above u is that of a weight > 0. u * sum may be rounded up to the sum itself.
    const auto last = std::lower_bound(sums_.begin(), sums_.end(), sums_.back());
    std::transform(uniform.begin(), uniform.end(), order.begin(), [&](double u) {
      return std::upper_bound(sums_.begin(), last, u * sums_.back()) - sums_.begin();
    });
    return order;
  }
  // The time at which each example arrives when its waiting time is exponential with its weight as
  // the rate: the first ones to arrive are the draws. Weights of 0 never arrive.
  std::vector<double> arrival(weights_.size());
  for (std::size_t i = 0; i < arrival.size(); ++i)
    arrival[i] = weights_[i] > 0 ? -std::log1p(-uniform[i]) / weights_[i] : HUGE_VAL;
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return arrival[static_cast<std::size_t>(a)] < arrival[static_cast<std::size_t>(b)];
  });
  order.resize(count);
  return order;
}

}  // namespace tarn::data
