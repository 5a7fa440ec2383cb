#pragma once

#include <tarn/tensor/detail/window.h>
#include <tarn/tensor/tensor.h>

namespace tarn::kernels {

struct MaxPool {
  Tensor values;   ///< [N, C, y.out, x.out]
  Tensor indices;  ///< int32: where each value stands in its plane of the input, -1 for nowhere
};

/// The largest element that each window over x [N, C, y.in, x.in] sees: the first of equal ones, or
/// the last NaN; -inf where there is only padding. Planes must have fewer than 2^31 elements.
MaxPool max_pool(const Tensor& x, const Window& window);

/// The elements of the planes of x [N, C, H, W] at `indices` [N, C, *]; 0 for -1.
Tensor gather_planes(const Tensor& x, const Tensor& indices);
/// Its transpose: adds each element of g to its place in planes [N, C, height, width] of zeros.
Tensor scatter_planes(const Tensor& g, const Tensor& indices, std::int64_t height,
                      std::int64_t width);

}  // namespace tarn::kernels
