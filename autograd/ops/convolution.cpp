#include <algorithm>

#include <tarn/autograd/detail/channel_sum.h>
#include <tarn/autograd/detail/checks.h>
#include <tarn/autograd/detail/convolve.h>
#include <tarn/autograd/detail/defined.h>
#include <tarn/autograd/detail/window.h>
#include <tarn/autograd/ops/convolution.h>
#include <tarn/autograd/ops/views.h>
#include <tarn/autograd/record.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/kernels/convolution.h>
#include <tarn/tensor/str.h>

namespace tarn {
namespace {

using kernels::Convolution;

const Op kConv2d{"conv2d"};
const Op kConvTranspose2d{"conv_transpose2d"};

// A convolution, its transpose and its weight's gradient are each linear in two of (x, weight, g),
// and each one's gradients are the other two.

Tensor transposed(const Tensor& g, const Tensor& weight, const Tensor& bias, const Convolution& c,
                  const Where& where = Where::current());

Tensor weight_gradient(const Tensor& x, const Tensor& g, const Convolution& c) {
  return record(
      kConv2d, Where::current(), kernels::convolution_weight_gradient(x, g, c),
      wrt(x, [g = saved(g), c](const Tensor& gg) { return transposed(g.get(), gg, {}, c); }),
      wrt(g, [x = saved(x), c](const Tensor& gg) { return convolve(x.get(), gg, {}, c); }));
}

Tensor transposed(const Tensor& g, const Tensor& weight, const Tensor& bias, const Convolution& c,
                  const Where& where) {
  return record(
      kConvTranspose2d, where, kernels::convolution_transposed(g, weight, bias, c),
      wrt(g, [w = saved(weight), c](const Tensor& gg) { return convolve(gg, w.get(), {}, c); }),
      wrt(weight, [g = saved(g), c](const Tensor& gg) { return weight_gradient(gg, g.get(), c); }),
      wrt(bias, channel_sum));
}

struct WeightGradient {
  SavedTensor x;
  Convolution c;
  Tensor operator()(const Tensor& g) const { return weight_gradient(x.get(), g, c); }
  RowGradients rows(const Tensor& g) const {
    return {.sum = [x = x.get(), g, c = c](std::int64_t start, std::int64_t count) {
      return weight_gradient(narrow(x, 0, start, count), narrow(g, 0, start, count), c);
    }};
  }
};

struct BiasGradient {
  Tensor operator()(const Tensor& g) const { return channel_sum(g); }
  RowGradients rows(const Tensor& g) const {
    return {.sum = [g](std::int64_t start, std::int64_t count) {
      return channel_sum(narrow(g, 0, start, count));
    }};
  }
};

void check_groups(const char* op, std::int64_t groups) {
  if (groups < 1) throw ValueError(str(op, ": groups = ", groups, ": expected at least 1"));
}

void check_weight(const char* op, const Tensor& weight, std::int64_t groups, const char* expected) {
  if (weight.dim() != 4)
    throw ShapeError(str(op, ": weight has shape ", weight.sizes(), ": expected ", expected));
  if (weight.sizes()[0] % groups != 0 || groups > std::max<std::int64_t>(1, weight.sizes()[0])) {
    throw ShapeError(str(op, ": groups = ", groups, " does not divide dimension 0 of the weight, ",
                         weight.sizes()));
  }
}

void check_channels(const char* op, const Tensor& x, const Tensor& weight, std::int64_t groups,
                    std::int64_t expected) {
  const std::int64_t channels = x.sizes()[x.dim() - 3];
  if (channels != expected) {
    throw ShapeError(str(op, ": input has ", channels, " channels (shape ", x.sizes(),
                         ") but weight is ", weight.sizes(), " with groups = ", groups,
                         ": expected ", expected));
  }
}

void check_bias(const char* op, const Tensor& bias, std::int64_t channels) {
  if (bias.defined() && bias.sizes() != Shape{channels}) {
    throw ShapeError(
        str(op, ": bias has shape ", bias.sizes(), ": expected [", channels, "], one per channel"));
  }
}

Size2d kernel_size_of(const Tensor& weight) { return {weight.sizes()[2], weight.sizes()[3]}; }

// The axis whose windows are the inputs of a transposed convolution.
Axis transposed_axis(const Tensor& x, const Tensor& weight, const ConvTranspose2dOptions& o,
                     int dim, std::int64_t Size2d::*side) {
  Axis a{.in = 0,
         .out = x.sizes()[x.dim() - dim],
         .kernel = kernel_size_of(weight).*side,
         .stride = o.stride.*side,
         .padding = o.padding.*side,
         .dilation = o.dilation.*side};
  const std::int64_t extra = o.output_padding.*side;
  if (extra >= std::max(a.stride, a.dilation)) {
    throw ValueError(str("conv_transpose2d: output_padding = ", o.output_padding,
                         ": expected less than the stride, ", o.stride, ", or the dilation, ",
                         o.dilation));
  }
  a.in = (a.out - 1) * a.stride - 2 * a.padding + a.dilation * (a.kernel - 1) + extra + 1;
  if (a.out < 1 || a.in < 1) {
    throw ShapeError(str("conv_transpose2d: nothing is left of an input of shape ", x.sizes(),
                         " with a kernel of ", kernel_size_of(weight), ", stride ", o.stride,
                         " and padding ", o.padding, ": expected less padding"));
  }
  return a;
}

}  // namespace

Tensor convolve(const Tensor& x, const Tensor& weight, const Tensor& bias, const Convolution& c,
                const Where& where) {
  return record(
      kConv2d, where, kernels::convolution(x, weight, bias, c),
      wrt(x, [w = saved(weight), c](const Tensor& g) { return transposed(g, w.get(), {}, c); }),
      wrt(weight, WeightGradient{saved(x), c}), wrt(bias, BiasGradient{}));
}

Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias, const Conv2dOptions& o,
              Where where) {
  require_defined("conv2d", {&x, &weight});
  check_groups("conv2d", o.groups);
  check_weight("conv2d", weight, o.groups, "[out_channels, in_channels / groups, kH, kW]");
  const Convolution c{.window = make_window("conv2d", x,
                                            {.kernel_size = kernel_size_of(weight),
                                             .stride = o.stride,
                                             .padding = o.padding,
                                             .dilation = o.dilation}),
                      .groups = o.groups};
  check_channels("conv2d", x, weight, o.groups, weight.sizes()[1] * o.groups);
  check_bias("conv2d", bias, weight.sizes()[0]);
  check_same_floating("conv2d", {&x, &weight, &bias});
  return batched(x, where,
                 [&](const Tensor& batch) { return convolve(batch, weight, bias, c, where); });
}

Tensor conv_transpose2d(const Tensor& x, const Tensor& weight, const Tensor& bias,
                        const ConvTranspose2dOptions& o, Where where) {
  constexpr const char* op = "conv_transpose2d";
  require_defined(op, {&x, &weight});
  check_groups(op, o.groups);
  check_weight(op, weight, o.groups, "[in_channels, out_channels / groups, kH, kW]");
  check_images(op, x);
  check_options(op, {kernel_size_of(weight), o.stride, o.padding, o.dilation});
  check_size(op, "output_padding", o.output_padding, 0);
  check_channels(op, x, weight, o.groups, weight.sizes()[0]);
  check_bias(op, bias, weight.sizes()[1] * o.groups);
  check_same_floating(op, {&x, &weight, &bias});
  const Convolution c{.window = {.y = transposed_axis(x, weight, o, 2, &Size2d::height),
                                 .x = transposed_axis(x, weight, o, 1, &Size2d::width)},
                      .groups = o.groups};
  return batched(x, where,
                 [&](const Tensor& batch) { return transposed(batch, weight, bias, c, where); });
}

}  // namespace tarn
