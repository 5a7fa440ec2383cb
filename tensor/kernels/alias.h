#pragma once

#include <tarn/tensor/tensor.h>

namespace tarn::kernels {

/// A tensor outside the graph over x's elements with its own shape; `offset` is in elements from
/// x's first.
Tensor alias(const Tensor& x, const Shape& sizes, const Shape& strides, std::int64_t offset = 0);

/// The strides with which x reads as if it had `shape`, to which it broadcasts.
Shape broadcast_strides(const Tensor& x, const Shape& shape);

}  // namespace tarn::kernels
