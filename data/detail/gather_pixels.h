#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <tarn/tensor/tensor.h>

namespace tarn::data::detail {

/// Bytes of one channel as floats: byte * scale + shift.
struct PixelScale {
  float scale;
  float shift;
};

/// (byte / 255 - mean) / std, up to rounding. Throws ValueError, opened by `name`, unless mean and
/// std are finite and std > 0.
PixelScale pixel_scale(const char* name, double mean, double std);

/// The images `indices` of `images`, uint8 [N, *], contiguous, as float32 of shape `shape`. Their
/// channels lie one after the other, and each has its entry in `scales`. Indices must lie in
/// 0..N-1.
Tensor gather_pixels(const Tensor& images, std::span<const std::int64_t> indices,
                     std::span<const PixelScale> scales, const Shape& shape);

}  // namespace tarn::data::detail
