#pragma once

#include <algorithm>

#include <tarn/tensor/detail/pending_product.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/kernels/elementwise.h>
#include <tarn/tensor/kernels/gemm.h>

namespace tarn::optim::kernels {

using tarn::kernels::each;
using tarn::kernels::ElementOf;

/// The way up that a step goes down: sign times the gradient, plus the gradient of the penalty
/// decay |x|^2 / 2.
template <class L>
L descent(const L& x, const L& slope, double sign, double decay) {
  using T = ElementOf<L>;
  L d = slope * T(sign);
  if (decay != 0) d += x * T(decay);
  return d;
}

namespace detail {

// Up to so many elements a second thread costs more than it brings.
inline constexpr std::int64_t kSerial = 32768;
// Small enough that two threads get nearly equal shares of 100,000 elements.
inline constexpr std::int64_t kGrain = 4096;

// f on the elements of arrays of n; slope(at, load) are the lanes of the gradient that begin at
// `at`, of an array by load().
template <class T, class F, class G, class... S>
void run_serial(F f, std::int64_t n, T* p, G slope, S*... s) {
  using L = tarn::kernels::Lanes<T, tarn::kernels::kLanes<T>>;
  const auto line = [=](std::int64_t at, auto load, auto store) {
    L x = load(p + at);
    const L g = slope(at, load);
    [&](auto... states) {
      f(x, g, states...);
      store(x, p + at);
      (store(states, s + at), ...);
    }(load(s + at)...);
  };
  std::int64_t at = 0;
  for (; at + L::SizeAtCompileTime <= n; at += L::SizeAtCompileTime) {
    line(
        at, [](const T* from) { return L(Eigen::Map<const L>(from)); },
        [](const L& values, T* to) { Eigen::Map<L>{to} = values; });
  }
  const std::int64_t left = n - at;
  if (left == 0) return;
  line(
      at,
      [=](const T* from) {
        return tarn::kernels::detail::load_part<L::SizeAtCompileTime>(from, left);
      },
      [=](const L& values, T* to) {
        tarn::kernels::detail::store_part<L::SizeAtCompileTime>(to, left, values);
      });
}

template <class T>
auto slope_of(const T* g) {
  return [g](std::int64_t at, auto load) { return load(g + at); };
}

template <class T, class F, class... S>
void run(F f, std::int64_t n, T* p, const T* g, S*... s) {
  parallel_for(0, n, n <= kSerial ? kSerial : kGrain, [=](std::int64_t begin, std::int64_t end) {
    run_serial(f, end - begin, p + begin, slope_of(g + begin), (s + begin)...);
  });
}

// The same for the rows and columns of a gradient that is still a product.
template <class T, class F, class... S>
void run_pending_part(F f, const PendingProduct& product, const PendingProduct::Part& rows,
                      const PendingProduct::Part& columns, T* p, S*... s) {
  const std::int64_t stride = product.columns();
  const std::int64_t width = columns.end - columns.begin;
  const auto update = [&](std::int64_t row, std::int64_t count, auto slope) {
    const std::int64_t at = row * stride + columns.begin;
    run_serial(f, count, p + at, slope, (s + at)...);
  };
  if (product.right.sizes()[0] == 1 && (stride == 1 || product.right.strides()[1] == 1)) {
    // One product for each element: no need to write it down.
    const T* const left = product.left.data_ptr<T>();
    const T* const right = product.right.data_ptr<T>() + columns.begin;
    const std::int64_t step = product.left.strides()[0];
    for (std::int64_t row = rows.begin; row < rows.end; ++row) {
      // A chain of sums begins with 0: -0 becomes 0.
      update(row, width, [right, factor = left[row * step]](std::int64_t at, auto load) {
        return (load(right + at) * factor + T(0)).eval();
      });
    }
    return;
  }
  // So many rows at a time are computed, and used while they are in the first-level cache.
  const std::int64_t part = std::max<std::int64_t>(1, kGrain / width);
  const Tensor slopes = empty({part, width}, {.dtype = product.right.dtype()});
  T* const g = slopes.data_ptr<T>();
  for (std::int64_t row = rows.begin; row < rows.end; row += part) {
    const std::int64_t last = std::min(rows.end, row + part);
    product.compute({row, last}, columns, g);
    if (width == stride) {
      update(row, (last - row) * width, slope_of<T>(g));
    } else {
      for (std::int64_t r = row; r < last; ++r)
        update(r, width, slope_of<T>(g + (r - row) * width));
    }
  }
}

// The same for all of it, divided among the threads as the layer's product was.
template <class T, class F, class... S>
void run_pending(F f, const PendingProduct& product, T* p, S*... s) {
  const std::int64_t rows = product.rows();
  const std::int64_t columns = product.columns();
  const std::int64_t batch = product.right.sizes()[0];
  const bool by_columns = tarn::kernels::divides_columns<T>(batch, columns);
  const std::int64_t unit = by_columns ? tarn::kernels::kLine<T> : 1;
  const std::int64_t shares = ((by_columns ? columns : rows) + unit - 1) / unit;
  const std::int64_t piece = tarn::kernels::shares_per_thread(shares, rows * columns * batch);
  // Processors fetch ahead of longer runs, on into the columns of the thread next door.
  const std::int64_t run = piece == shares ? columns : 2 * tarn::kernels::kLine<T>;
  parallel_for(0, shares, piece, [=, &product](std::int64_t begin, std::int64_t end) {
    const SerialGuard nested;
    if (!by_columns) return run_pending_part(f, product, {begin, end}, {0, columns}, p, s...);
    end = std::min(end * unit, columns);
    for (std::int64_t c = begin * unit; c < end; c += run)
      run_pending_part(f, product, {0, rows}, {c, std::min(end, c + run)}, p, s...);
  });
}

// Whether the elements lie in memory as p's do.
inline bool alike(const Tensor& p, const Tensor& x) {
  return x.dtype() == p.dtype() && tarn::kernels::detail::same_layout(p, x);
}

// A copy whose elements lie in row-major order, of type `dtype`.
inline Tensor compact(const Tensor& x, DType dtype) {
  return empty(x.sizes(), {.dtype = dtype}).copy_(x);
}

}  // namespace detail

/// One step of an optimizer in one pass over memory: calls f(p, g, states...) for Lanes of the
/// parameter p, its gradient g and as many states of p's shape; f may change all but g.
///
///   update_pass(p, g, [lr](auto& x, const auto& slope, auto& sum) {
///     using T = ElementOf<decltype(x)>;
///     sum += slope.square();
///     x -= T(lr) * slope / sum.sqrt();
///   }, s.zeros_like("sum", p));
///
/// Every product and sum in f is rounded to p's type, as tensor operations would: the same formula
/// written with those gives the same bits. Tensors that lie differently in memory are copied.
template <class F, class... States>
void update_pass(const Tensor& p, const Tensor& g, F f, const States&... states) {
  if (!p.is_dense() || !detail::alike(p, g) || !(detail::alike(p, states) && ...)) {
    const Tensor x = detail::compact(p, p.dtype());
    [&](const auto&... copies) {
      update_pass(x, detail::compact(g, p.dtype()), f, copies...);
      (states.copy_(copies), ...);
    }(detail::compact(states, p.dtype())...);
    p.copy_(x);
    return;
  }
  tarn::kernels::visit_floating("step", p.dtype(), [&]<class T>() {
    if (const PendingProduct* const product = g.impl().pending()) {
      return detail::run_pending<T>(f, *product, p.data_ptr<T>(), states.template data_ptr<T>()...);
    }
    detail::run<T>(f, p.numel(), p.data_ptr<T>(), static_cast<const T*>(g.data_ptr<T>()),
                   states.template data_ptr<T>()...);
  });
  for (const Tensor* changed : {&p, &states...}) changed->impl().storage()->bump_version();
}

}  // namespace tarn::optim::kernels
