#pragma once

namespace tarn::kernels {

/// Whether a value of any dtype is NaN; those of integers and bool never are.
template <class T>
bool is_nan(T value) {
  return value != value;
}

}  // namespace tarn::kernels
