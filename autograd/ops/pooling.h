#pragma once

#include <tarn/autograd/ops/size_2d.h>
#include <tarn/tensor/tensor.h>

namespace tarn {

// Windows that slide over images and give one number each, as in PyTorch. x [N, C, H, W] or
// [C, H, W], float32 or float64; returns [N, C, H', W'] with
// H' = floor((H + 2 padding - dilation (kernel_size - 1) - 1) / stride) + 1, or ceil for ceil_mode,
// less a last window that would start in the padding at the end. All throw ShapeError when the
// kernel does not fit into the padded input, ValueError for options out of range (the padding is at
// most half of the kernel), DTypeError for integers.

/// How max_pool2d() moves its window.
struct MaxPool2dOptions {
  Size2d kernel_size;
  Size2d stride = kernel_size;
  Size2d padding = 0;  ///< on each side; never the maximum
  Size2d dilation = 1;
  bool ceil_mode = false;  ///< a last window may hang over the end
};

/// The largest element in each window; NaN counts as largest. The gradient goes to the first of
/// equal elements.
///
///   max_pool2d(x, {.kernel_size = 2});
Tensor max_pool2d(const Tensor& x, const MaxPool2dOptions& options, Where where = Where::current());

/// How avg_pool2d() moves its window.
struct AvgPool2dOptions {
  Size2d kernel_size;
  Size2d stride = kernel_size;
  Size2d padding = 0;      ///< zeros on each side
  bool ceil_mode = false;  ///< a last window may hang over the end; what hangs over does not count
  bool count_include_pad = true;  ///< the padding counts as elements that are 0
};

/// The mean of each window.
Tensor avg_pool2d(const Tensor& x, const AvgPool2dOptions& options, Where where = Where::current());

}  // namespace tarn
