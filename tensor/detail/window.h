#pragma once

#include <algorithm>
#include <cstdint>

namespace tarn {

/// One axis of a window that slides over an input: output o sees the inputs
/// o * stride - padding + k * dilation for k = 0, ..., kernel - 1. Those outside 0, ..., in - 1 are
/// padding.
struct Axis {
  std::int64_t in = 1;
  std::int64_t out = 1;
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t padding = 0;
  std::int64_t dilation = 1;

  std::int64_t input(std::int64_t o, std::int64_t k) const {
    return o * stride - padding + k * dilation;
  }
  /// The outputs first(k), ..., last(k) - 1 see something other than padding at k.
  std::int64_t first(std::int64_t k) const {
    const std::int64_t before = padding - k * dilation;
    return before <= 0 ? 0 : std::min(out, (before - 1) / stride + 1);
  }
  std::int64_t last(std::int64_t k) const {
    const std::int64_t room = in + padding - k * dilation;
    return std::max(first(k), room <= 0 ? 0 : std::min(out, (room - 1) / stride + 1));
  }
  /// Every output is its own input.
  bool is_identity() const { return kernel == 1 && stride == 1 && padding == 0 && in == out; }
};

/// Windows over planes [y.in, x.in], one for each element of [y.out, x.out].
struct Window {
  Axis y;
  Axis x;

  std::int64_t inputs() const { return y.in * x.in; }
  std::int64_t outputs() const { return y.out * x.out; }
  std::int64_t taps() const { return y.kernel * x.kernel; }
};

}  // namespace tarn
