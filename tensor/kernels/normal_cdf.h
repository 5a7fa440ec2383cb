#pragma once

#include <array>
#include <cmath>
#include <concepts>
#include <numbers>

#include <tarn/tensor/kernels/exp.h>

namespace tarn::kernels {

/// exp(-v^2 / 2) for every lane.
template <class L>
L gauss_lanes(const L& v) {
  using T = ElementOf<L>;
  return exp_lanes(L(v * v * T(-0.5)));
}

/// The standard normal distribution function, erfc(-v / sqrt(2)) / 2, for every lane, given gauss =
/// gauss_lanes(v). The relative error stays small in the left tail too.
///
/// In float32 erfc(z) = t exp(-z^2) p(2t - 1) with t = 1 / (1 + z/2) for z >= 0, where p is the
/// polynomial of degree 10 through exp(z^2) erfc(z) / t at Chebyshev's points: off by 1.2e-8
/// before rounding, and many times faster than the C library's erfc.
template <class L>
L normal_cdf_lanes(const L& v, const L& gauss) {
  using T = ElementOf<L>;
  if constexpr (std::same_as<T, float>) {
    constexpr std::array<T, 11> p = {0.510791357F,     0.343580319F,     0.139735734F,
                                     0.0182216694F,    -0.0107516262F,  //
                                     -0.00324345192F,  0.00152915716F,   0.000430670488F,
                                     -0.000299382713F, -3.66018768e-05F, 4.21611975e-05F};
    const L t = T(1) / (v.abs() * T(std::numbers::sqrt2 / 4) + T(1));
    const L s = t * T(2) - T(1);
    L sum = L::Constant(p.back());
    for (std::size_t i = p.size() - 1; i-- > 0;) sum = sum * s + p[i];
    const L tail = t * gauss * sum * T(0.5);
    return each([](T e, T small) { return e > T(0) ? T(1) - small : small; }, v, tail);
  } else {
    return each([](T e) { return std::erfc(-e / std::numbers::sqrt2_v<T>) / T(2); }, v);
  }
}

}  // namespace tarn::kernels
