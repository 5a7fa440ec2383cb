#include <algorithm>
#include <limits>

#include <tarn/autograd/detail/checks.h>
#include <tarn/autograd/detail/convolve.h>
#include <tarn/autograd/detail/defined.h>
#include <tarn/autograd/detail/window.h>
#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/autograd/ops/pooling.h>
#include <tarn/autograd/ops/views.h>
#include <tarn/autograd/record.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/kernels/convolution.h>
#include <tarn/tensor/kernels/pooling.h>
#include <tarn/tensor/kernels/visit.h>
#include <tarn/tensor/str.h>

namespace tarn {
namespace {

const Op kMaxPool2d{"max_pool2d"};

Window pooling_window(const char* op, const Tensor& x, const WindowOptions& o) {
  check_pooling(op, o);
  check_same_floating(op, {&x});
  return make_window(op, x, o);
}

// Takes elements out of planes [N, C, H, W], or puts them back in: each is the other's gradient.
Tensor pick(const Tensor& planes, const Tensor& indices);

Tensor unpick(const Tensor& values, const Tensor& indices, std::int64_t height,
              std::int64_t width) {
  return record(kMaxPool2d, Where::current(),
                kernels::scatter_planes(values, indices, height, width),
                wrt(values, [indices](const Tensor& g) { return pick(g, indices); }));
}

Tensor pick(const Tensor& planes, const Tensor& indices) {
  const std::int64_t height = planes.sizes()[2];
  const std::int64_t width = planes.sizes()[3];
  return record(kMaxPool2d, Where::current(), kernels::gather_planes(planes, indices),
                wrt(planes, [indices, height, width](const Tensor& g) {
                  return unpick(g, indices, height, width);
                }));
}

// How many elements count for each window, [y.out, x.out].
Tensor element_counts(const Window& w, bool count_include_pad, DType dtype) {
  const auto count = [&](const Axis& axis, std::int64_t o) {
    const std::int64_t begin = axis.input(o, 0);
    const std::int64_t end = std::min(begin + axis.kernel, axis.in + axis.padding);
    if (count_include_pad) return end - begin;
    return std::min(end, axis.in) - std::max<std::int64_t>(begin, 0);
  };
  Tensor out = empty({w.y.out, w.x.out}, {.dtype = dtype});
  kernels::visit_floating("avg_pool2d", dtype, [&]<class T>() {
    T* place = out.data_ptr<T>();
    for (std::int64_t y = 0; y < w.y.out; ++y) {
      for (std::int64_t x = 0; x < w.x.out; ++x)
        *place++ = static_cast<T>(count(w.y, y) * count(w.x, x));
    }
  });
  return out;
}

}  // namespace

Tensor max_pool2d(const Tensor& x, const MaxPool2dOptions& o, Where where) {
  require_defined("max_pool2d", {&x});
  const Window window = pooling_window("max_pool2d", x,
                                       {.kernel_size = o.kernel_size,
                                        .stride = o.stride,
                                        .padding = o.padding,
                                        .dilation = o.dilation,
                                        .ceil_mode = o.ceil_mode});
  if (window.inputs() > std::numeric_limits<std::int32_t>::max()) {
    throw ShapeError(str("max_pool2d: input has shape ", x.sizes(),
                         ": expected images of fewer than 2^31 pixels"));
  }
  return batched(x, where, [&](const Tensor& batch) {
    const kernels::MaxPool pooled = kernels::max_pool(batch, window);
    return record(kMaxPool2d, where, pooled.values,
                  wrt(batch, [indices = pooled.indices, window](const Tensor& g) {
                    return unpick(g, indices, window.y.in, window.x.in);
                  }));
  });
}

Tensor avg_pool2d(const Tensor& x, const AvgPool2dOptions& o, Where where) {
  require_defined("avg_pool2d", {&x});
  const Window window = pooling_window("avg_pool2d", x,
                                       {.kernel_size = o.kernel_size,
                                        .stride = o.stride,
                                        .padding = o.padding,
                                        .ceil_mode = o.ceil_mode});
  // A convolution of each plane by itself with a kernel of ones.
  Shape sizes = x.sizes();
  const int dims = x.dim();
  sizes[dims - 2] = window.y.out;
  sizes[dims - 1] = window.x.out;
  const std::int64_t planes = sizes[dims - 3] * (dims == 4 ? sizes[0] : 1);
  const Tensor kernel =
      ones({1, 1, o.kernel_size.height, o.kernel_size.width}, {.dtype = x.dtype()});
  const Tensor sums = convolve(reshape(x, {planes, 1, window.y.in, window.x.in}, where), kernel, {},
                               {.window = window}, where);
  return div(reshape(sums, sizes, where), element_counts(window, o.count_include_pad, x.dtype()),
             where);
}

}  // namespace tarn
