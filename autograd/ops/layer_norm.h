#pragma once

#include <tarn/tensor/tensor.h>

namespace tarn {

/// (x - mean) / sqrt(var + eps) * weight + bias, where the mean and the (biased) variance are taken
/// over the last dimensions, which must have the sizes `normalized_shape` (Ba et al. 2016). weight
/// and bias have this shape too; either may be undefined. Throws ShapeError, DTypeError, and
/// ValueError unless eps >= 0.
Tensor layer_norm(const Tensor& x, const Shape& normalized_shape, const Tensor& weight = {},
                  const Tensor& bias = {}, double eps = 1e-5, Where where = Where::current());

}  // namespace tarn
