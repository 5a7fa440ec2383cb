#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <tarn/tensor/error.h>
#include <tarn/tensor/kernels/cast.h>
#include <tarn/tensor/random.h>
#include <tarn/tensor/str.h>

namespace tarn {
namespace {

struct Weights {
  const double* first;
  std::int64_t count;
  double total = 0;
  std::int64_t positive = 0;
};

Weights checked(const double* first, std::int64_t count, std::int64_t row) {
  Weights weights{first, count};
  for (std::int64_t i = 0; i < count; ++i) {
    if (!(first[i] >= 0) || std::isinf(first[i])) {
      throw ValueError(str("multinomial: weight ", i, " of row ", row, " is ", first[i],
                           ": expected a finite number >= 0"));
    }
    weights.total += first[i];
    weights.positive += first[i] > 0;
  }
  if (!(weights.total > 0) || std::isinf(weights.total)) {
    throw ValueError(str("multinomial: the weights of row ", row, " sum to ", weights.total,
                         ": expected a finite number > 0"));
  }
  return weights;
}

// The index in whose part of the running sums each draw falls.
void draw_with_replacement(const Weights& weights, const double* uniform, std::int64_t samples,
                           std::int64_t* out) {
  std::vector<double> sums(static_cast<std::size_t>(weights.count));
  std::partial_sum(weights.first, weights.first + weights.count, sums.begin());
  for (std::int64_t i = 0; i < samples; ++i) {
    const auto found = std::upper_bound(sums.begin(), sums.end(), uniform[i] * sums.back());
    std::int64_t index = std::min(found - sums.begin(), weights.count - 1);
    while (weights.first[index] == 0) --index;  // rounding at the end of the last part
    out[i] = index;
  }
}

// The smallest of independent exponential waiting times (Efraimidis and Spirakis 2006).
void draw_without_replacement(const Weights& weights, const double* uniform, std::int64_t samples,
                              std::int64_t* out) {
  std::vector<double> waits(static_cast<std::size_t>(weights.count));
  std::vector<std::int64_t> order(waits.size());
  std::iota(order.begin(), order.end(), 0);
  for (std::int64_t i = 0; i < weights.count; ++i)
    waits[static_cast<std::size_t>(i)] = -std::log1p(-uniform[i]) / weights.first[i];
  const auto earlier = [&](std::int64_t a, std::int64_t b) {
    const bool possible_a = weights.first[a] > 0;
    const bool possible_b = weights.first[b] > 0;
    if (possible_a != possible_b) return possible_a;
    const double wait_a = waits[static_cast<std::size_t>(a)];
    const double wait_b = waits[static_cast<std::size_t>(b)];
    return possible_a && wait_a != wait_b ? wait_a < wait_b : a < b;
  };
  std::partial_sort_copy(order.begin(), order.end(), out, out + samples, earlier);
}

}  // namespace

Tensor multinomial(const Tensor& weights, std::int64_t num_samples, bool replacement) {
  return multinomial(weights, num_samples, replacement, default_generator());
}

Tensor multinomial(const Tensor& weights, std::int64_t num_samples, bool replacement,
                   Generator& generator) {
  if (weights.dim() < 1 || weights.dim() > 2) {
    throw ShapeError(
        str("multinomial: weights of shape ", weights.sizes(), ": expected [C] or [N, C]"));
  }
  if (!is_floating_point(weights.dtype())) {
    throw DTypeError(str("multinomial: the weights are ", weights.dtype(),
                         ": expected float32 or float64; convert with .to(kFloat32)"));
  }
  if (num_samples < 0)
    throw ValueError(str("multinomial: num_samples = ", num_samples, ": expected a number >= 0"));
  const Tensor values = kernels::cast(weights, kFloat64, /*contiguous=*/true);
  const std::int64_t count = weights.sizes().back();
  const std::int64_t rows = weights.dim() == 1 ? 1 : weights.sizes()[0];
  std::vector<Weights> parts;
  for (std::int64_t row = 0; row < rows; ++row) {
    parts.push_back(checked(values.data_ptr<double>() + row * count, count, row));
    if (!replacement && num_samples > parts.back().positive) {
      throw ValueError(str("multinomial: num_samples = ", num_samples, " without replacement, but ",
                           "row ", row, " has ", parts.back().positive, " weights above 0"));
    }
  }
  const std::int64_t draws = replacement ? num_samples : count;
  const Tensor uniform = rand({rows, draws}, generator, {.dtype = kFloat64});
  Tensor out = empty({rows, num_samples}, {.dtype = kInt64});
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto draw = replacement ? draw_with_replacement : draw_without_replacement;
    draw(parts[static_cast<std::size_t>(row)], uniform.data_ptr<double>() + row * draws,
         num_samples, out.data_ptr<std::int64_t>() + row * num_samples);
  }
  return weights.dim() == 1 ? from_vector(out.to_vector<std::int64_t>(), {num_samples}) : out;
}

}  // namespace tarn
