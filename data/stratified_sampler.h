#pragma once

#include <tarn/data/sampler.h>
#include <tarn/tensor/tensor.h>

namespace tarn::data {

/// Visits every example once per epoch, so that each batch holds the classes in the proportions of
/// the whole set. The examples of a class come in a new random order every epoch.
///
///   data::DataLoader loader(train, {.batch_size = 64, .sampler =
///       std::make_shared<data::StratifiedSampler>(train.targets())});
///
/// Among the first k examples of an epoch, the number of a class differs from k times its share by
/// less than 1, for every k; hence in any batch, of whatever size, from batch size times its share
/// by less than 2. With equal classes and a batch size divisible by their number, each batch holds
/// all alike. (Each example gets the window of places that this allows it, and the windows are
/// served by earliest end: Tijdeman 1980, "The chairman assignment problem"; Baruah et al. 1996,
/// "Proportionate progress".)
class StratifiedSampler : public Sampler {
 public:
  /// labels int64 [N], any numbers. Throws DTypeError, ShapeError.
  explicit StratifiedSampler(const Tensor& labels);

  /// Throws ValueError when `size` is not the number of labels.
  std::vector<std::int64_t> indices(std::int64_t size, std::uint64_t seed,
                                    std::uint64_t epoch) const override;

 private:
  std::int64_t size_;
  std::vector<std::vector<std::int64_t>> classes_;  // the examples of each
};

}  // namespace tarn::data
