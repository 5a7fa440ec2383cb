#include <cmath>
#include <limits>

#include <tarn/tensor/kernels/elementwise.h>
#include <tarn/tensor/kernels/exp.h>
#include <tarn/tensor/kernels/softmax.h>

namespace tarn::kernels {
namespace {

template <class T>
using RowLanes = Lanes<T, kLanes<T>>;

// A cache line of a row that has `count` elements from here on, filled up with -inf: no maximum, no
// weight.
template <class T>
RowLanes<T> load_lanes(const T* row, std::int64_t count) {
  if (count >= kLanes<T>) return Eigen::Map<const RowLanes<T>>(row);
  RowLanes<T> values = RowLanes<T>::Constant(-std::numeric_limits<T>::infinity());
  for (int i = 0; i < count; ++i) values[i] = row[i];
  return values;
}

template <class T>
void store_lanes(const RowLanes<T>& values, T* row, std::int64_t count) {
  if (count >= kLanes<T>) {
    Eigen::Map<RowLanes<T>>{row} = values;
  } else {
    for (int i = 0; i < count; ++i) row[i] = values[i];
  }
}

template <class T>
T row_max(const T* row, std::int64_t count) {
  RowLanes<T> largest = load_lanes(row, count);
  for (std::int64_t i = kLanes<T>; i < count; i += kLanes<T>)
    largest = largest.max(load_lanes(row + i, count - i));
  return largest.maxCoeff();
}

// Adds the lanes pairwise.
template <class T>
T lane_sum(RowLanes<T> lanes) {
  for (int half = kLanes<T> / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) lanes[i] += lanes[i + half];
  }
  return lanes[0];
}

// The sum of exp(row - max), and the terms in `out` if it is given.
template <class T>
T exp_row(const T* row, std::int64_t count, T max, T* out) {
  RowLanes<T> total = RowLanes<T>::Zero();
  for (std::int64_t i = 0; i < count; i += kLanes<T>) {
    const RowLanes<T> terms = exp_lanes(RowLanes<T>(load_lanes(row + i, count - i) - max));
    total += terms;
    if (out) store_lanes<T>(terms, out + i, count - i);
  }
  return lane_sum<T>(total);
}

// Runs f(row index, x row, out row) over the rows along `dim`, and returns the result in x's shape.
template <class T, class F>
Tensor map_rows(const Tensor& x, int dim, F f) {
  if (x.numel() == 0) return empty_like(x);
  const std::int64_t count = x.dim() == 0 ? 1 : x.sizes()[dim];
  const bool last = dim + 1 >= x.dim();
  Tensor rows = x;
  if (!last) {
    Shape sizes = x.sizes();
    Shape strides = x.strides();
    std::swap(sizes[dim], sizes[x.dim() - 1]);
    std::swap(strides[dim], strides[x.dim() - 1]);
    rows = alias(x, sizes, strides);
  }
  rows = cast(rows, x.dtype(), /*contiguous=*/true);
  Tensor out = empty(rows.sizes(), {.dtype = x.dtype()});
  const T* const in = rows.data_ptr<T>();
  T* const result = out.data_ptr<T>();
  parallel_for(0, x.numel() / count, std::max<std::int64_t>(1, kGrain / 8 / count),
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t r = begin; r < end; ++r)
                   f(in + r * count, result + r * count, count);
               });
  if (last) return out;
  Shape strides = out.strides();
  std::swap(strides[dim], strides[x.dim() - 1]);
  return cast(alias(out, x.sizes(), strides), x.dtype(), /*contiguous=*/true);
}

}  // namespace

Tensor softmax(const Tensor& x, int dim) {
  return visit_floating("softmax", x.dtype(), [&]<class T>() {
    return map_rows<T>(x, dim, [](const T* row, T* out, std::int64_t count) {
      const T scale = T(1) / exp_row(row, count, row_max(row, count), out);
      for (std::int64_t i = 0; i < count; ++i) out[i] *= scale;
    });
  });
}

Tensor log_softmax(const Tensor& x, int dim) {
  return visit_floating("log_softmax", x.dtype(), [&]<class T>() {
    return map_rows<T>(x, dim, [](const T* row, T* out, std::int64_t count) {
      const T max = row_max(row, count);
      const T log_sum = std::log(exp_row<T>(row, count, max, nullptr));
      for (std::int64_t i = 0; i < count; ++i) out[i] = (row[i] - max) - log_sum;
    });
  });
}

CrossEntropy cross_entropy(const Tensor& logits, const Tensor& target, std::int64_t ignore_index) {
  const std::int64_t examples = logits.sizes()[0];
  const std::int64_t classes = logits.sizes()[1];
  const Tensor x = cast(logits, logits.dtype(), /*contiguous=*/true);
  const Tensor labels = cast(target, kInt64, /*contiguous=*/true);
  CrossEntropy result{empty({examples}, {.dtype = x.dtype()}),
                      empty(x.sizes(), {.dtype = x.dtype()})};
  const auto* const label = labels.data_ptr<std::int64_t>();
  visit_floating("cross_entropy", x.dtype(), [&]<class T>() {
    const T* const first = x.data_ptr<T>();
    T* const losses = result.losses.data_ptr<T>();
    T* const probabilities = result.probabilities.data_ptr<T>();
    parallel_for(
        0, examples, std::max<std::int64_t>(1, kGrain / 8 / std::max<std::int64_t>(classes, 1)),
        [&](std::int64_t begin, std::int64_t end) {
          for (std::int64_t i = begin; i < end; ++i) {
            const T* const row = first + i * classes;
            T* const out = probabilities + i * classes;
            const T max = row_max(row, classes);
            const T sum = exp_row(row, classes, max, out);
            const T scale = T(1) / sum;
            for (std::int64_t c = 0; c < classes; ++c) out[c] *= scale;
            losses[i] = label[i] == ignore_index ? T(0) : std::log(sum) - (row[label[i]] - max);
          }
        });
  });
  return result;
}

Tensor cross_entropy_gradient(const Tensor& probabilities, const Tensor& target,
                              std::int64_t ignore_index, const Tensor& weights) {
  const std::int64_t examples = probabilities.sizes()[0];
  const std::int64_t classes = probabilities.sizes()[1];
  const Tensor labels = cast(target, kInt64, /*contiguous=*/true);
  const auto* const label = labels.data_ptr<std::int64_t>();
  const std::int64_t stride = weights.dim() == 0 ? 0 : weights.strides()[0];
  Tensor out = empty(probabilities.sizes(), {.dtype = probabilities.dtype()});
  visit_floating("cross_entropy", out.dtype(), [&]<class T>() {
    const T* const in = probabilities.data_ptr<T>();
    const T* const weight = weights.data_ptr<T>();
    T* const gradient = out.data_ptr<T>();
    parallel_for(0, examples,
                 std::max<std::int64_t>(1, kGrain / std::max<std::int64_t>(classes, 1)),
                 [&](std::int64_t begin, std::int64_t end) {
                   for (std::int64_t i = begin; i < end; ++i) {
                     const bool ignored = label[i] == ignore_index;
                     const T scale = ignored ? T(0) : weight[i * stride];
                     const T* const row = in + i * classes;
                     T* const result = gradient + i * classes;
                     if (ignored) {
                       std::fill_n(result, classes, T(0));
                       continue;
                     }
                     for (std::int64_t c = 0; c < classes; ++c) result[c] = row[c] * scale;
                     result[label[i]] = (row[label[i]] - T(1)) * scale;
                   }
                 });
  });
  return out;
}

}  // namespace tarn::kernels
