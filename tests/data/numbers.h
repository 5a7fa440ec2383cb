#pragma once

#include <cstdint>
#include <vector>

#include <tarn/data/dataloader.h>
#include <tarn/data/dataset.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/random.h>

/// Example i is (i, 10 i). Derived data sets change get().
struct Numbers : tarn::data::Dataset {
  explicit Numbers(std::int64_t size) : count(size) {}
  std::int64_t size() const override { return count; }
  tarn::data::Example get(std::int64_t index) const override {
    return {tarn::scalar_tensor(index), tarn::scalar_tensor(10 * index)};
  }
  std::int64_t count;
};

/// Example i is ([i, random numbers], a random integer).
struct NoisyNumbers : Numbers {
  using Numbers::Numbers;
  tarn::data::Example get(std::int64_t index) const override {
    tarn::Tensor data = tarn::rand({5});
    data.select(0, 0).fill_(index);
    return {data, tarn::randint(0, 1'000'000'000, {})};
  }
};

/// The data of every batch of the loader's next epoch.
template <class T = std::int64_t>
std::vector<std::vector<T>> batches_of(tarn::data::DataLoader& loader) {
  std::vector<std::vector<T>> batches;
  for (auto& [x, y] : loader) batches.push_back(x.template to_vector<T>());
  return batches;
}

/// The same, one after the other.
inline std::vector<std::int64_t> examples_of(tarn::data::DataLoader& loader) {
  std::vector<std::int64_t> examples;
  for (const auto& batch : batches_of(loader))
    examples.insert(examples.end(), batch.begin(), batch.end());
  return examples;
}

inline std::vector<std::int64_t> counting(std::int64_t size) {
  std::vector<std::int64_t> numbers;
  for (std::int64_t i = 0; i < size; ++i) numbers.push_back(i);
  return numbers;
}
