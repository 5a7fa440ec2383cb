#pragma once

#include <tarn/tensor/kernels/elementwise.h>

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

// f on the elements of arrays of n.
template <class T, class F, class... S>
void run(F f, std::int64_t n, T* p, const T* g, S*... s) {
  using L = tarn::kernels::Lanes<T, tarn::kernels::kLanes<T>>;
  const auto line = [=](std::int64_t at, auto load, auto store) {
    L x = load(p + at);
    const L slope = load(g + at);
    [&](auto... states) {
      f(x, slope, states...);
      store(x, p + at);
      (store(states, s + at), ...);
    }(load(s + at)...);
  };
  parallel_for(0, n, n <= kSerial ? kSerial : kGrain, [=](std::int64_t begin, std::int64_t end) {
    std::int64_t at = begin;
    for (; at + L::SizeAtCompileTime <= end; at += L::SizeAtCompileTime) {
      line(
          at, [](const T* from) { return L(Eigen::Map<const L>(from)); },
          [](const L& values, T* to) { Eigen::Map<L>{to} = values; });
    }
    const std::int64_t left = end - at;
    if (left == 0) return;
    line(
        at,
        [=](const T* from) {
          return tarn::kernels::detail::load_part<L::SizeAtCompileTime>(from, left);
        },
        [=](const L& values, T* to) {
          tarn::kernels::detail::store_part<L::SizeAtCompileTime>(to, left, values);
        });
  });
}

// Whether the elements lie in memory as p's do.
inline bool alike(const Tensor& p, const Tensor& x) {
  bool same = x.dtype() == p.dtype();
  for (int d = 0; d < p.dim(); ++d) same &= p.size(d) == 1 || x.strides()[d] == p.strides()[d];
  return same;
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
    detail::run<T>(f, p.numel(), p.data_ptr<T>(), static_cast<const T*>(g.data_ptr<T>()),
                   states.template data_ptr<T>()...);
  });
  for (const Tensor* changed : {&p, &states...}) changed->impl().storage->bump_version();
}

}  // namespace tarn::optim::kernels
