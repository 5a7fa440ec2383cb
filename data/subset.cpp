#include <cmath>

#include <tarn/data/subset.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::data {
namespace {

void check(const std::vector<SplitSize>& sizes, std::int64_t total) {
  double sum = 0;
  for (const SplitSize& size : sizes) {
    if (size.is_fraction != sizes[0].is_fraction) {
      throw ValueError(str("random_split: sizes ", sizes[0].value, " and ", size.value,
                           ": expected numbers of examples or fractions, not both"));
    }
    if (!std::isfinite(size.value) || size.value < 0)
      throw ValueError(str("random_split: size ", size.value, ": expected a finite number >= 0"));
    sum += size.value;
  }
  if (sizes.empty()) throw ValueError("random_split: no sizes: expected at least one");
  const bool fractions = sizes[0].is_fraction;
  if (fractions && std::abs(sum - 1) > 1e-9)
    throw ValueError(str("random_split: the fractions add up to ", sum, ": expected 1"));
  if (!fractions && sum != static_cast<double>(total)) {
    throw ValueError(str("random_split: the sizes add up to ", sum, ": expected ", total,
                         ", the size of the data set"));
  }
}

std::vector<std::int64_t> counts(const std::vector<SplitSize>& sizes, std::int64_t total) {
  std::vector<std::int64_t> parts;
  std::int64_t left = total;
  for (const SplitSize& size : sizes) {
    const double count =
        size.is_fraction ? std::floor(size.value * static_cast<double>(total)) : size.value;
    parts.push_back(std::min(static_cast<std::int64_t>(count), left));
    left -= parts.back();
  }
  for (std::size_t i = 0; left > 0; i = (i + 1) % parts.size(), --left) ++parts[i];
  return parts;
}

}  // namespace

Subset::Subset(DatasetRef dataset, std::vector<std::int64_t> indices)
    : dataset_(std::move(dataset)), indices_(std::move(indices)) {
  const std::int64_t size = dataset_->size();
  for (const std::int64_t index : indices_) check_index("Subset", index, size);
}

Example Subset::get(std::int64_t index) const {
  check_index("Subset", index, size());
  return dataset_->get(indices_[static_cast<std::size_t>(index)]);
}

Batch Subset::get_batch(std::span<const std::int64_t> indices) const {
  std::vector<std::int64_t> inner;
  inner.reserve(indices.size());
  for (const std::int64_t index : indices) {
    check_index("Subset", index, size());
    inner.push_back(indices_[static_cast<std::size_t>(index)]);
  }
  return dataset_->get_batch(inner);
}

std::vector<Subset> random_split(const DatasetRef& dataset, const std::vector<SplitSize>& sizes,
                                 std::uint64_t seed) {
  Generator generator(seed);
  return random_split(dataset, sizes, generator);
}

std::vector<Subset> random_split(const DatasetRef& dataset, const std::vector<SplitSize>& sizes,
                                 Generator& generator) {
  const std::int64_t total = dataset->size();
  check(sizes, total);
  const auto order = randperm(total, generator).to_vector<std::int64_t>();
  std::vector<Subset> parts;
  auto next = order.begin();
  for (const std::int64_t count : counts(sizes, total)) {
    parts.emplace_back(dataset, std::vector<std::int64_t>(next, next + count));
    next += count;
  }
  return parts;
}

}  // namespace tarn::data
