#pragma once

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

#include <tarn/tensor/factories.h>

namespace tarn::testing {

using Index = std::vector<std::int64_t>;
using Values = std::vector<double>;

/// Random choices with a fixed seed.
class Dice {
 public:
  explicit Dice(unsigned seed) : engine_(seed) {}
  std::int64_t roll(std::int64_t low, std::int64_t high) {  // both included
    return low + static_cast<std::int64_t>(engine_() % static_cast<std::uint32_t>(high - low + 1));
  }
  bool coin() { return roll(0, 1) == 1; }
  Shape shape(int max_dims, std::int64_t max_size) {
    Shape sizes = Shape::filled(static_cast<int>(roll(0, max_dims)), 0);
    for (std::int64_t& size : sizes) size = roll(0, 12) == 0 ? 0 : roll(1, max_size);
    return sizes;
  }
  std::vector<int> order(int count) {
    std::vector<int> dims(static_cast<std::size_t>(count));
    std::iota(dims.begin(), dims.end(), 0);
    std::shuffle(dims.begin(), dims.end(), engine_);
    return dims;
  }

 private:
  std::mt19937 engine_;
};

/// The i-th index in row-major order.
inline Index index_at(const Shape& sizes, std::int64_t i) {
  Index index(static_cast<std::size_t>(sizes.size()));
  for (int d = sizes.size() - 1; d >= 0; --d) {
    index[static_cast<std::size_t>(d)] = i % sizes[d];
    i /= sizes[d];
  }
  return index;
}

inline std::size_t position(const Shape& sizes, const Index& index) {
  std::int64_t at = 0;
  for (int d = 0; d < sizes.size(); ++d) at = at * sizes[d] + index[static_cast<std::size_t>(d)];
  return static_cast<std::size_t>(at);
}

/// A tensor of integers from -9 to 9 whose dimensions lie in memory in random order, with random
/// gaps or repeated.
inline Tensor random_tensor(Dice& dice, const Shape& sizes, DType dtype = kFloat64) {
  Shape strides = sizes;
  std::int64_t stride = dice.roll(1, 2);
  for (const int d : dice.order(sizes.size())) {
    strides[d] = stride;
    stride =
        stride * std::max<std::int64_t>(sizes[d], 1) + (dice.roll(0, 3) == 0 ? dice.roll(1, 3) : 0);
  }
  const Tensor x = empty_strided(sizes, strides, {.dtype = dtype});
  for (std::int64_t i = 0; i < x.numel(); ++i) {
    std::int64_t offset = 0;
    const Index index = index_at(sizes, i);
    for (int d = 0; d < sizes.size(); ++d)
      offset += index[static_cast<std::size_t>(d)] * strides[d];
    const std::int64_t value = dice.roll(-9, 9);
    if (dtype == kFloat64) x.data_ptr<double>()[offset] = static_cast<double>(value);
    if (dtype == kFloat32) x.data_ptr<float>()[offset] = static_cast<float>(value);
    if (dtype == kInt64) x.data_ptr<std::int64_t>()[offset] = value;
  }
  return x;
}

/// A shape that broadcasts to `sizes`.
inline Shape narrower(Dice& dice, const Shape& sizes) {
  Shape result = sizes;
  for (std::int64_t& size : result) {
    if (dice.roll(0, 2) == 0) size = 1;
  }
  while (!result.empty() && dice.roll(0, 3) == 0) result.erase(0);
  return result;
}

/// x's element at an index of a shape that x broadcasts to.
inline double broadcast_at(const Values& values, const Shape& sizes, const Index& index) {
  Index own(static_cast<std::size_t>(sizes.size()));
  const std::size_t offset = index.size() - own.size();
  for (std::size_t d = 0; d < own.size(); ++d)
    own[d] = sizes[static_cast<int>(d)] == 1 ? 0 : index[offset + d];
  return values[position(sizes, own)];
}

}  // namespace tarn::testing
