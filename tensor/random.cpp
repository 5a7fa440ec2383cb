#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <type_traits>

#include <Random123/philox.h>

#include <tarn/tensor/error.h>
#include <tarn/tensor/kernels/cast.h>
#include <tarn/tensor/kernels/visit.h>
#include <tarn/tensor/parallel.h>
#include <tarn/tensor/random.h>
#include <tarn/tensor/str.h>

namespace tarn {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::int64_t kGrain = 4096;

thread_local Generator* guarded = nullptr;

// The attempt-th block at an index: rejection and 64-bit draws need more than four words at one
// place.
RandomBlock block_at(std::uint64_t seed, std::uint64_t stream, std::uint64_t index) {
  const r123::Philox4x32 philox;
  const r123::Philox4x32::ctr_type counter{
      {static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32),
       static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)}};
  const r123::Philox4x32::key_type key{
      {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)}};
  const auto words = philox(counter, key);
  return {{words[0], words[1], words[2], words[3]}};
}

std::uint64_t join(std::uint32_t high, std::uint32_t low) {
  return static_cast<std::uint64_t>(high) << 32 | low;
}

// A place in the random sequence that is this op's own.
struct Stream {
  explicit Stream(Generator& generator) : seed(generator.seed()), stream(generator.next_stream()) {}
  std::uint64_t seed;
  std::uint64_t stream;

  RandomBlock block(std::int64_t index) const {
    return block_at(seed, stream, static_cast<std::uint64_t>(index));
  }

  // Uniform on 0..bound-1 (Lemire 2019, without division in the common case). The 2^-64 x bound of
  // unevenness that is left is below anything that can be observed.
  std::uint64_t below(std::int64_t index, std::uint64_t bound) const {
    const RandomBlock words = block(index);
    return static_cast<std::uint64_t>(
        static_cast<Wide>(join(words.word[0], words.word[1])) * bound >> 64);
  }
};

// Four float32 or two float64 values from one block.
template <class T>
constexpr std::int64_t kPerBlock = 16 / static_cast<std::int64_t>(sizeof(T));

template <class T>
T uniform(const RandomBlock& block, std::int64_t lane) {
  if constexpr (sizeof(T) == 4) {
    return static_cast<T>(block.word[lane] >> 8) * 0x1p-24F;
  } else {
    return static_cast<T>(join(block.word[2 * lane], block.word[2 * lane + 1]) >> 11) * 0x1p-53;
  }
}

// Pairs of uniforms become pairs of normals; 1 - u keeps the logarithm away from 0.
template <class T>
T normal(const RandomBlock& block, std::int64_t lane) {
  const std::int64_t pair = lane / 2 * 2;
  const double radius =
      std::sqrt(-2.0 * std::log(1.0 - static_cast<double>(uniform<T>(block, pair))));
  const double angle = 2.0 * std::numbers::pi * static_cast<double>(uniform<T>(block, pair + 1));
  return static_cast<T>(radius * (lane % 2 == 0 ? std::cos(angle) : std::sin(angle)));
}

// Fills x in row-major order of its indices, whatever its layout: element i gets draw(block i / n,
// i % n).
template <class T, class Draw>
void generate(const Tensor& x, const Stream& stream, Draw draw) {
  const Tensor target = x.is_contiguous() ? x : empty(x.sizes(), {.dtype = x.dtype()});
  T* const out = target.data_ptr<T>();
  const std::int64_t count = x.numel();
  constexpr std::int64_t lanes = kPerBlock<T>;
  parallel_for(0, (count + lanes - 1) / lanes, kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t b = begin; b < end; ++b) {
      const RandomBlock block = stream.block(b);
      for (std::int64_t lane = 0; lane < lanes && b * lanes + lane < count; ++lane) {
        out[b * lanes + lane] = draw(block, lane);
      }
    }
  });
  if (!target.is_same(x)) kernels::copy_into(x, target);
}

void draw_uniform(const char* op, const Tensor& x, double low, double high, Generator& generator) {
  const Stream stream(generator);
  kernels::visit_floating(op, x.dtype(), [&]<class T>() {
    const T scale = static_cast<T>(high - low);
    const T shift = static_cast<T>(low);
    if (!std::isfinite(scale)) {
      throw ValueError(str(op, ": low = ", low, ", high = ", high,
                           ": their distance is not finite in ", x.dtype()));
    }
    // The sum may round up to `high`, which does not belong to the range.
    const T last = low < high ? std::nextafter(static_cast<T>(high), shift) : shift;
    generate<T>(x, stream, [=](const RandomBlock& block, std::int64_t lane) {
      return std::min(uniform<T>(block, lane) * scale + shift, last);
    });
  });
}

void draw_normal(const char* op, const Tensor& x, double mean, double std, Generator& generator) {
  const Stream stream(generator);
  kernels::visit_floating(op, x.dtype(), [&]<class T>() {
    generate<T>(x, stream, [=](const RandomBlock& block, std::int64_t lane) {
      return normal<T>(block, lane) * static_cast<T>(std) + static_cast<T>(mean);
    });
  });
}

// Integers outside the type would come out as others.
void check_holds(DType dtype, std::int64_t least, std::int64_t largest) {
  kernels::visit(dtype, [&]<class T>() {
    if constexpr (std::is_integral_v<T>) {
      constexpr auto min = static_cast<std::int64_t>(std::numeric_limits<T>::min());
      constexpr auto max = static_cast<std::int64_t>(std::numeric_limits<T>::max());
      if (least < min || largest > max) {
        throw ValueError(str("randint: ", least, "..", largest, " does not fit ", dtype,
                             ", which holds ", min, "..", max));
      }
    }
  });
}

Tensor finish(Tensor out, const TensorOptions& options) {
  if (options.requires_grad) out.requires_grad_();
  return out;
}

std::uint64_t word(const StateDict& state, const char* name) {
  const Tensor& value = state.at(name);
  if (!value.defined() || value.dtype() != kInt64 || value.dim() != 0) {
    throw ValueError(str("Generator: load_state_dict: \"", name, "\" is ",
                         value.defined() ? str(value.dtype(), " ", value.sizes()) : "undefined",
                         ": expected int64 []"));
  }
  return static_cast<std::uint64_t>(value.item<std::int64_t>());
}

}  // namespace

StateDict Generator::state_dict() const {
  StateDict state;
  state.set("seed", scalar_tensor(static_cast<std::int64_t>(seed())));
  state.set("stream", scalar_tensor(static_cast<std::int64_t>(stream())));
  return state;
}

void Generator::load_state_dict(const StateDict& state) {
  const std::uint64_t seed = word(state, "seed");
  set_state(seed, word(state, "stream"));
}

Generator& default_generator() {
  static Generator process_wide;
  return guarded ? *guarded : process_wide;
}

void manual_seed(std::uint64_t seed) { default_generator().manual_seed(seed); }

GeneratorGuard::GeneratorGuard(Generator& generator) : previous_(guarded) { guarded = &generator; }

GeneratorGuard::~GeneratorGuard() { guarded = previous_; }

RandomBlock random_block(std::uint64_t seed, std::uint64_t stream, std::uint64_t index) {
  return block_at(seed, stream, index);
}

std::uint64_t fork_seed(std::uint64_t seed, std::uint64_t value) {
  // A stream number that ops, counting up from 0, never reach.
  const RandomBlock block = block_at(seed, ~std::uint64_t{0}, value);
  return join(block.word[0], block.word[1]);
}

Tensor rand(const Shape& shape, const TensorOptions& options) {
  return rand(shape, default_generator(), options);
}

Tensor rand(const Shape& shape, Generator& generator, const TensorOptions& options) {
  Tensor out = empty(shape, {.dtype = options.dtype.value_or(kFloat32)});
  draw_uniform("rand", out, 0, 1, generator);
  return finish(out, options);
}

Tensor randn(const Shape& shape, const TensorOptions& options) {
  return randn(shape, default_generator(), options);
}

Tensor randn(const Shape& shape, Generator& generator, const TensorOptions& options) {
  Tensor out = empty(shape, {.dtype = options.dtype.value_or(kFloat32)});
  draw_normal("randn", out, 0, 1, generator);
  return finish(out, options);
}

Tensor randint(std::int64_t low, std::int64_t high, const Shape& shape,
               const TensorOptions& options) {
  return randint(low, high, shape, default_generator(), options);
}

Tensor randint(std::int64_t low, std::int64_t high, const Shape& shape, Generator& generator,
               const TensorOptions& options) {
  if (low >= high)
    throw ValueError(str("randint: low = ", low, ", high = ", high, ": expected low < high"));
  const DType dtype = options.dtype.value_or(kInt64);
  check_holds(dtype, low, high - 1);
  const std::uint64_t range = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
  Tensor out = empty(shape, {.dtype = dtype});
  const Stream stream(generator);
  kernels::visit(dtype, [&]<class T>() {
    T* const first = out.data_ptr<T>();
    parallel_for(0, out.numel(), kGrain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        first[i] = static_cast<T>(
            static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + stream.below(i, range)));
      }
    });
  });
  return finish(out, options);
}

Tensor randperm(std::int64_t n) { return randperm(n, default_generator()); }

Tensor randperm(std::int64_t n, Generator& generator) {
  if (n < 0) throw ValueError(str("randperm: n = ", n, ": expected a number >= 0"));
  const Stream stream(generator);
  Tensor out = arange(n);
  auto* const order = out.data_ptr<std::int64_t>();
  for (std::int64_t i = n - 1; i > 0; --i) {
    std::swap(order[i], order[stream.below(i, static_cast<std::uint64_t>(i) + 1)]);
  }
  return out;
}

const Tensor& uniform_(const Tensor& x, double low, double high) {
  if (!(low <= high))
    throw ValueError(str("uniform_: low = ", low, ", high = ", high, ": expected low <= high"));
  draw_uniform("uniform_", x, low, high, default_generator());
  x.impl().storage()->bump_version();
  return x;
}

const Tensor& normal_(const Tensor& x, double mean, double std) {
  if (!(std >= 0)) throw ValueError(str("normal_: std = ", std, ": expected a number >= 0"));
  draw_normal("normal_", x, mean, std, default_generator());
  x.impl().storage()->bump_version();
  return x;
}

}  // namespace tarn
