#include <tarn/autograd/detail/window.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn {
namespace {

// Sizes below this can be multiplied with one another in 64 bits.
constexpr std::int64_t kSizeLimit = std::int64_t{1} << 31;

}  // namespace

void check_size(const char* op, const char* what, const Size2d& size, std::int64_t low) {
  for (const std::int64_t value : {size.height, size.width}) {
    if (value < low || value >= kSizeLimit) {
      throw ValueError(
          str(op, ": ", what, " = ", size, ": expected ", low, " to ", kSizeLimit - 1));
    }
  }
}

void check_images(const char* op, const Tensor& x) {
  const Shape& sizes = x.sizes();
  const int dims = sizes.size();
  if (dims != 3 && dims != 4) {
    throw ShapeError(str(op, ": input has shape ", sizes,
                         ": expected [N, C, H, W], or [C, H, W] for one image"));
  }
  if (sizes[dims - 2] >= kSizeLimit || sizes[dims - 1] >= kSizeLimit) {
    throw ShapeError(str(op, ": input has shape ", sizes, ": expected images below ", kSizeLimit,
                         " pixels wide"));
  }
}

void check_options(const char* op, const WindowOptions& o) {
  check_size(op, "kernel_size", o.kernel_size, 1);
  check_size(op, "stride", o.stride, 1);
  check_size(op, "padding", o.padding, 0);
  check_size(op, "dilation", o.dilation, 1);
}

void check_pooling(const char* op, const WindowOptions& o) {
  check_options(op, o);
  if (o.padding.height > o.kernel_size.height / 2 || o.padding.width > o.kernel_size.width / 2) {
    throw ValueError(str(op, ": padding = ", o.padding, ": expected at most half of the kernel, ",
                         o.kernel_size));
  }
}

Window make_window(const char* op, const Tensor& x, const WindowOptions& o) {
  check_images(op, x);
  check_options(op, o);
  const auto axis = [&](int dim, std::int64_t Size2d::*side) {
    Axis a{.in = x.sizes()[x.dim() - dim],
           .out = 1,
           .kernel = o.kernel_size.*side,
           .stride = o.stride.*side,
           .padding = o.padding.*side,
           .dilation = o.dilation.*side};
    std::int64_t room = a.in + 2 * a.padding - a.dilation * (a.kernel - 1) - 1;
    if (o.ceil_mode) room += a.stride - 1;
    if (room < 0 || a.in < 1) {
      throw ShapeError(str(op, ": a kernel of ", o.kernel_size, " with dilation ", o.dilation,
                           " does not fit into an input of shape ", x.sizes(), " with padding ",
                           o.padding, ": use a smaller kernel or more padding"));
    }
    a.out += room / a.stride;
    // The last window must start inside the input or the padding before it.
    if (o.ceil_mode && (a.out - 1) * a.stride >= a.in + a.padding) --a.out;
    return a;
  };
  return {.y = axis(2, &Size2d::height), .x = axis(1, &Size2d::width)};
}

}  // namespace tarn
