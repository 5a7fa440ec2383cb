#pragma once

#include <cmath>
#include <type_traits>

namespace tarn::kernels {

/// Whether a value of any dtype is NaN; integers and bool never are.
template <class T>
bool is_nan(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    return std::isnan(value);
  } else {
    return false;
  }
}

}  // namespace tarn::kernels
