#pragma once

#include <tarn/autograd/ops/size_2d.h>
#include <tarn/autograd/ops/views.h>
#include <tarn/tensor/detail/window.h>
#include <tarn/tensor/tensor.h>

namespace tarn {

/// What the ops that slide a window over images [*, H, W] have in common.
struct WindowOptions {
  Size2d kernel_size;
  Size2d stride = 1;
  Size2d padding = 0;
  Size2d dilation = 1;
  bool ceil_mode = false;  ///< a last window may hang over the padding's end
};

/// Throws ValueError for options out of range.
void check_options(const char* op, const WindowOptions& options);
/// The same for pooling, whose padding is at most half of the kernel.
void check_pooling(const char* op, const WindowOptions& options);

/// The windows of the op `op` over `x`. Throws ShapeError unless x is [N, C, H, W] or [C, H, W] and
/// the kernel fits into it, ValueError for options out of range.
Window make_window(const char* op, const Tensor& x, const WindowOptions& options);

/// Throws ValueError, naming `what`, unless both numbers are at least `low` and below 2^31.
void check_size(const char* op, const char* what, const Size2d& size, std::int64_t low);

/// Throws ShapeError unless x is [N, C, H, W] or [C, H, W] with H and W below 2^31.
void check_images(const char* op, const Tensor& x);

/// f(x) for x [N, C, H, W]; for [C, H, W] as a batch of one.
template <class F>
Tensor batched(const Tensor& x, const Where& where, F f) {
  if (x.dim() == 4) return f(x);
  return squeeze(f(unsqueeze(x, 0, where)), 0, where);
}

}  // namespace tarn
