#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include <Eigen/Core>

namespace tarn::kernels {

/// Elements that a function gets at a time when it computes with T.
template <class T>
inline constexpr int kLanes = 64 / static_cast<int>(sizeof(T));

template <class T, int N>
using Lanes = Eigen::Array<T, N, 1>;

/// The scalar type of some lanes.
template <class L>
using ElementOf = typename std::decay_t<L>::Scalar;

namespace detail {

// A part of a line moves through a mask where the processor has one: put together element by
// element, it could not be loaded before each of them has left the store buffer.
#ifdef EIGEN_VECTORIZE_AVX512
template <class T, int N>
inline constexpr bool kMasked = N * sizeof(T) == 64 && sizeof(T) >= 4;

template <class T>
using MaskOf = std::conditional_t<sizeof(T) == 4, __mmask16, __mmask8>;

template <class T>
void load_masked(T* line, const T* first, std::int64_t count) {
  const auto mask = static_cast<MaskOf<T>>((1U << count) - 1);
  if constexpr (sizeof(T) == 4) {
    _mm512_storeu_si512(line, _mm512_mask_loadu_epi32(_mm512_loadu_si512(line), mask, first));
  } else {
    _mm512_storeu_si512(line, _mm512_mask_loadu_epi64(_mm512_loadu_si512(line), mask, first));
  }
}

template <class T>
void store_masked(T* first, const T* line, std::int64_t count) {
  const auto mask = static_cast<MaskOf<T>>((1U << count) - 1);
  if constexpr (sizeof(T) == 4) {
    _mm512_mask_storeu_epi32(first, mask, _mm512_loadu_si512(line));
  } else {
    _mm512_mask_storeu_epi64(first, mask, _mm512_loadu_si512(line));
  }
}
#else
template <class T, int N>
inline constexpr bool kMasked = false;
#endif

// `count` elements of a line, filled up with ones, at which every function is harmless.
template <int N, class T>
Lanes<T, N> load_part(const T* first, std::int64_t count) {
  Lanes<T, N> values = Lanes<T, N>::Constant(T(1));
  if constexpr (kMasked<T, N>) {
    load_masked(values.data(), first, count);
  } else {
    std::copy_n(first, count, values.data());
  }
  return values;
}

template <int N, class T>
void store_part(T* first, std::int64_t count, const Lanes<T, N>& values) {
  if constexpr (kMasked<T, N>) {
    store_masked(first, values.data(), count);
  } else {
    std::copy_n(values.data(), count, first);
  }
}

}  // namespace detail
}  // namespace tarn::kernels
