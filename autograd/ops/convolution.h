#pragma once

#include <tarn/autograd/ops/size_2d.h>
#include <tarn/tensor/tensor.h>

namespace tarn {

// Convolutions of images (LeCun et al. 1989), as in PyTorch: cross-correlations, that is, without
// mirroring the weight. Sizes are numbers for both directions or {height, width}. float32 or
// float64. An image without a batch dimension gives a result without one.

/// What conv2d() takes besides its tensors.
struct Conv2dOptions {
  Size2d stride = 1;
  Size2d padding = 0;   ///< zeros on each side
  Size2d dilation = 1;  ///< step between the inputs that neighbouring elements of the kernel see
  std::int64_t groups = 1;  ///< parts of the channels that do not see one another
};

/// y[n, f, i, j] = bias[f] + sum over c, u, v of
///   x[n, c, i stride - padding + u dilation, j stride - padding + v dilation] weight[f, c, u, v].
/// x [N, C, H, W] or [C, H, W], weight [F, C / groups, kH, kW], bias [F] or undefined; returns
/// [N, F, H', W'] with H' = floor((H + 2 padding - dilation (kH - 1) - 1) / stride) + 1.
/// Throws ShapeError when these do not fit together or the kernel is larger than the padded input,
/// ValueError for options out of range, DTypeError unless all are float32 or all float64.
Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
              const Conv2dOptions& options = {}, Where where = Where::current());

/// What conv_transpose2d() takes besides its tensors.
struct ConvTranspose2dOptions {
  Size2d stride = 1;
  Size2d padding = 0;         ///< rows and columns cut off on each side
  Size2d output_padding = 0;  ///< rows and columns added at the end of each dimension
  std::int64_t groups = 1;
  Size2d dilation = 1;
};

/// The gradient of conv2d with respect to its input, as a function of its own: spreads each x[n, c]
/// over weight[c] (Zeiler et al. 2010).
/// x [N, C, H, W] or [C, H, W], weight [C, F / groups, kH, kW], bias [F] or undefined; returns
/// [N, F, H', W'] with H' = (H - 1) stride - 2 padding + dilation (kH - 1) + output_padding + 1.
/// Throws as conv2d; output_padding must be smaller than the stride or the dilation.
Tensor conv_transpose2d(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
                        const ConvTranspose2dOptions& options = {}, Where where = Where::current());

}  // namespace tarn
