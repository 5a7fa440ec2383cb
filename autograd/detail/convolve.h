#pragma once

#include <tarn/tensor/tensor.h>

namespace tarn {

namespace kernels {
struct Convolution;
}

/// conv2d without its checks, over any windows: x [N, C, H, W], weight [F, C / groups, kH, kW],
/// bias [F] or undefined.
Tensor convolve(const Tensor& x, const Tensor& weight, const Tensor& bias,
                const kernels::Convolution& c, const Where& where = Where::current());

}  // namespace tarn
