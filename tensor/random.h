#pragma once

#include <atomic>
#include <cstdint>

#include <tarn/tensor/factories.h>
#include <tarn/tensor/state_dict.h>
#include <tarn/tensor/tensor.h>

namespace tarn {

/// Where random numbers come from: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as
/// easy as 1, 2, 3"). Every draw has its place (seed, stream, index): an op takes the next stream
/// and element i of its result depends on i alone, never on threads or timing. The whole state is
/// two integers.
class Generator {
 public:
  explicit Generator(std::uint64_t seed = 0, std::uint64_t stream = 0)
      : seed_(seed), stream_(stream) {}

  void manual_seed(std::uint64_t seed) { set_state(seed, 0); }
  std::uint64_t seed() const { return seed_; }
  /// The stream that the next op will take.
  std::uint64_t stream() const { return stream_.load(); }
  /// Takes a stream. Safe to call from several threads.
  std::uint64_t next_stream() { return stream_.fetch_add(1); }
  void set_state(std::uint64_t seed, std::uint64_t stream) {
    seed_ = seed;
    stream_ = stream;
  }

  /// "seed" and "stream", int64 [] with the bits of the two numbers.
  StateDict state_dict() const;
  /// Goes on where the generator that wrote `state` was. Throws IndexError for a missing entry,
  /// ValueError for one that is no int64 []; the generator is then as before.
  void load_state_dict(const StateDict& state);

 private:
  std::uint64_t seed_;
  std::atomic<std::uint64_t> stream_;
};

/// The generator that ops use when none is given: the one of the innermost GeneratorGuard on this
/// thread, else the process-wide one (seeded with 0 at start).
Generator& default_generator();

/// Seeds the default generator: the same seed gives the same bits in every run.
void manual_seed(std::uint64_t seed);

/// Makes `generator` the default one on this thread for the guard's lifetime.
class GeneratorGuard {
 public:
  explicit GeneratorGuard(Generator& generator);
  ~GeneratorGuard();
  GeneratorGuard(const GeneratorGuard&) = delete;
  GeneratorGuard& operator=(const GeneratorGuard&) = delete;

 private:
  Generator* previous_;
};

/// One block of the generator: four independent 32-bit words that depend on (seed, stream, index)
/// alone.
struct RandomBlock {
  std::uint32_t word[4];
};
RandomBlock random_block(std::uint64_t seed, std::uint64_t stream, std::uint64_t index);

/// A seed for a family of generators: mixes `value` into `seed`, so that fork_seed(s, a) and
/// fork_seed(s, b) give unrelated numbers.
std::uint64_t fork_seed(std::uint64_t seed, std::uint64_t value);

/// Uniform on [0, 1): 24 bits for float32, 53 for float64.
Tensor rand(const Shape& shape, const TensorOptions& options = {});
Tensor rand(const Shape& shape, Generator& generator, const TensorOptions& options = {});
inline Tensor rand_like(const Tensor& like) { return rand(like.sizes(), {.dtype = like.dtype()}); }
/// Standard normal (Box and Muller 1958).
Tensor randn(const Shape& shape, const TensorOptions& options = {});
Tensor randn(const Shape& shape, Generator& generator, const TensorOptions& options = {});
inline Tensor randn_like(const Tensor& like) {
  return randn(like.sizes(), {.dtype = like.dtype()});
}
/// Uniform integers from low (or 0), low + 1, ..., high - 1; int64 unless said otherwise. Throws
/// ValueError unless low < high.
Tensor randint(std::int64_t low, std::int64_t high, const Shape& shape,
               const TensorOptions& options = {});
Tensor randint(std::int64_t low, std::int64_t high, const Shape& shape, Generator& generator,
               const TensorOptions& options = {});
inline Tensor randint(std::int64_t high, const Shape& shape, const TensorOptions& options = {}) {
  return randint(0, high, shape, options);
}
/// A random permutation of 0..n-1, int64 [n] (Fisher and Yates; Durstenfeld 1964, algorithm 235).
Tensor randperm(std::int64_t n);
Tensor randperm(std::int64_t n, Generator& generator);

/// `num_samples` indices drawn with probabilities proportional to the weights (floating, >= 0,
/// finite, [C] or [N, C] for a draw per row), int64 [num_samples] or [N, num_samples]. Without
/// replacement no index comes twice. Throws ValueError for weights that are negative, not finite or
/// all 0, or for more samples than there are weights above 0.
Tensor multinomial(const Tensor& weights, std::int64_t num_samples, bool replacement = false);
Tensor multinomial(const Tensor& weights, std::int64_t num_samples, bool replacement,
                   Generator& generator);

/// Overwrites x with draws from U[low, high). In place, not recorded; returns x. Throws ValueError
/// unless low <= high and their distance is finite.
const Tensor& uniform_(const Tensor& x, double low, double high);
/// Overwrites x with draws from N(mean, std^2). In place, not recorded; returns x. Throws
/// ValueError for std < 0.
const Tensor& normal_(const Tensor& x, double mean, double std);

}  // namespace tarn
