#pragma once

#include <cstdint>
#include <span>

#include <tarn/tensor/random.h>

namespace tarn::data {

/// Uniform random numbers one after the other, for code that needs a few of them for one example.
class Draws {
 public:
  /// The numbers of the place (seed, stream).
  Draws(std::uint64_t seed, std::uint64_t stream) : seed_(seed), stream_(stream) {}
  /// Those of the next stream of a generator.
  explicit Draws(Generator& generator) : Draws(generator.seed(), generator.next_stream()) {}

  /// Uniform on [low, high), of 2^32 values; `low` when the two are equal.
  double uniform(double low, double high) { return low + (high - low) * 0x1p-32 * word(); }
  /// Uniform on 0..bound - 1, for 1 <= bound <= 2^31.
  std::int64_t below(std::int64_t bound) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(bound) * word() >> 32);
  }
  /// Fills `numbers` with draws from [-1, 1).
  void fill_symmetric(std::span<float> numbers);

 private:
  std::uint32_t word();

  std::uint64_t seed_;
  std::uint64_t stream_;
  std::uint64_t blocks_ = 0;
  RandomBlock block_{};
  int used_ = 4;
};

}  // namespace tarn::data
