#pragma once

#include <cstdint>

#include <tarn/tensor/tensor.h>

namespace tarn::data::detail {

/// Throws ShapeError, opened by `transform`, unless x is [H, W] or [C, H, W].
void check_image(const char* transform, const Tensor& x);

/// The part of an image [H, W] or [C, H, W] that begins at (top, left) and is `height` x `width`
/// large. What of it lies outside the image is `fill`. A new tensor.
Tensor window(const Tensor& x, std::int64_t top, std::int64_t left, std::int64_t height,
              std::int64_t width, double fill);

}  // namespace tarn::data::detail
