#pragma once

#include <tarn/tensor/detail/window.h>
#include <tarn/tensor/tensor.h>

namespace tarn::kernels {

/// A convolution takes x [N, groups * C, y.in, x.in] and weight [groups * F, C, y.kernel, x.kernel]
/// to [N, groups * F, y.out, x.out].
struct Convolution {
  Window window{};
  std::int64_t groups = 1;
};

// The three are the same sum of products x[...] * weight[...] * g[...] with one factor left out;
// each is the derivative of the others. `bias` has one value for each channel of the result, or is
// undefined. Operands are all float32 or all float64 and of any strides; results are contiguous.
// Images are divided among threads; every element is summed in an order that depends on the shapes
// alone.

/// The convolution itself.
Tensor convolution(const Tensor& x, const Tensor& weight, const Tensor& bias, const Convolution& c);
/// Its transpose: g in the shape of the convolution's result gives the shape of x.
Tensor convolution_transposed(const Tensor& g, const Tensor& weight, const Tensor& bias,
                              const Convolution& c);
/// Its gradient with respect to the weight.
Tensor convolution_weight_gradient(const Tensor& x, const Tensor& g, const Convolution& c);

}  // namespace tarn::kernels
