#pragma once

#include <tarn/data/sampler.h>

namespace tarn::data {

/// Draws examples with probabilities proportional to their weights. PyTorch's
/// WeightedRandomSampler.
///
///   // every class as often as the others
///   data::WeightedRandomSampler(one_over_class_count_of_each_example, 60'000)
class WeightedRandomSampler : public Sampler {
 public:
  /// One weight for each example, in any unit; examples of weight 0 are never drawn. An epoch has
  /// `num_samples` draws. With replacement they are independent; without, an example comes at most
  /// once, and each draw is from the weights of those that are left (Efraimidis and Spirakis 2006,
  /// "Weighted random sampling with a reservoir"). Throws ValueError unless the weights are finite
  /// and >= 0, at least one is > 0, and num_samples is >= 1 and, without
  /// replacement, at most the number of weights > 0.
  WeightedRandomSampler(std::vector<double> weights, std::int64_t num_samples,
                        bool replacement = true);

  /// Throws ValueError when `size` is not the number of weights, as num_samples does.
  std::vector<std::int64_t> indices(std::int64_t size, std::uint64_t seed,
                                    std::uint64_t epoch) const override;
  std::int64_t num_samples(std::int64_t size) const override;

 private:
  std::vector<double> weights_;  // shares of the largest one
  std::vector<double> sums_;     // of the weights up to each, itself included
  std::int64_t num_samples_;
  bool replacement_;
};

}  // namespace tarn::data
