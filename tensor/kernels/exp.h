#pragma once

#include <limits>
#include <numbers>

#include <tarn/tensor/kernels/elementwise.h>

namespace tarn::kernels {

/// e^v for every lane. Eigen's exp stops at the smallest normal number, also for -inf; here
/// everything below it is 0, so that what was masked with -inf weighs exactly nothing.
template <class L>
L exp_lanes(const L& v) {
  using T = ElementOf<L>;
  constexpr T lowest =
      static_cast<T>((std::numeric_limits<T>::min_exponent - 1) * std::numbers::ln2);
  return each([](T x, T y) { return x < lowest ? T(0) : y; }, v, L(v.exp()));
}

/// 1 / (1 + exp(-v)): the exponential of a negative number cannot overflow.
template <class L>
L sigmoid_lanes(const L& v) {
  using T = ElementOf<L>;
  const L e = exp_lanes(L(-v.abs()));
  return each([](T x, T small) { return x < T(0) ? small : T(1); }, v, e) / (e + T(1));
}

}  // namespace tarn::kernels
