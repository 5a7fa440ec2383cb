#include <cmath>

#include <tarn/autograd/detail/window.h>
#include <tarn/autograd/ops/convolution.h>
#include <tarn/nn/convolution.h>
#include <tarn/nn/detail/at_least_one.h>
#include <tarn/nn/init.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/str.h>

namespace tarn::nn {
namespace {

std::int64_t check_channels(const char* layer, const char* what, std::int64_t channels,
                            std::int64_t groups) {
  at_least_one(layer, "groups", groups);
  if (channels < 1 || channels % groups != 0) {
    throw ValueError(str(layer, ": ", what, " = ", channels, " with groups = ", groups,
                         ": expected a multiple of groups, at least 1"));
  }
  return channels;
}

template <class Options>
const Options& check(const char* layer, const Options& o) {
  check_options(layer, {o.kernel_size, o.stride, o.padding, o.dilation});
  return o;
}

// [first, second / groups, kH, kW]
template <class Options>
Tensor empty_weight(std::int64_t first, std::int64_t second, const Options& o) {
  return empty({first, second / o.groups, o.kernel_size.height, o.kernel_size.width},
               {.dtype = o.dtype});
}

template <class Options>
Tensor empty_bias(std::int64_t channels, const Options& o) {
  return o.bias ? empty({channels}, {.dtype = o.dtype}) : Tensor();
}

void draw(const Tensor& weight, const Tensor& bias) {
  init::kaiming_uniform_(weight, {.a = std::sqrt(5.0)});
  if (!bias.defined()) return;
  const double bound =
      1 / std::sqrt(static_cast<double>(weight.size(1) * weight.size(2) * weight.size(3)));
  init::uniform_(bias, -bound, bound);
}

// What both print as PyTorch does: options that are not the default.
template <class Options>
std::string describe(std::int64_t in_channels, std::int64_t out_channels, const Options& o,
                     const std::string& output_padding) {
  std::string text =
      str(in_channels, ", ", out_channels, ", kernel_size=", o.kernel_size, ", stride=", o.stride);
  if (o.padding != Size2d(0)) text += str(", padding=", o.padding);
  if (o.dilation != Size2d(1)) text += str(", dilation=", o.dilation);
  text += output_padding;
  if (o.groups != 1) text += str(", groups=", o.groups);
  return text + (o.bias ? "" : ", bias=False");
}

}  // namespace

Conv2d::Conv2d(std::int64_t in, std::int64_t out, const Conv2dOptions& o)
    : in_channels(check_channels("Conv2d", "in_channels", in, o.groups)),
      out_channels(check_channels("Conv2d", "out_channels", out, o.groups)),
      options(check("Conv2d", o)),
      weight(parameter("weight", empty_weight(out, in, o))),
      bias(parameter("bias", empty_bias(out, o))) {
  reset_parameters();
}

void Conv2d::reset_parameters() { draw(weight, bias); }

Tensor Conv2d::forward(const Tensor& x) {
  return conv2d(x, weight, bias,
                {.stride = options.stride,
                 .padding = options.padding,
                 .dilation = options.dilation,
                 .groups = options.groups},
                call_site());
}

std::string Conv2d::extra() const { return describe(in_channels, out_channels, options, ""); }

ConvTranspose2d::ConvTranspose2d(std::int64_t in, std::int64_t out, const ConvTranspose2dOptions& o)
    : in_channels(check_channels("ConvTranspose2d", "in_channels", in, o.groups)),
      out_channels(check_channels("ConvTranspose2d", "out_channels", out, o.groups)),
      options(check("ConvTranspose2d", o)),
      weight(parameter("weight", empty_weight(in, out, o))),
      bias(parameter("bias", empty_bias(out, o))) {
  check_size("ConvTranspose2d", "output_padding", o.output_padding, 0);
  reset_parameters();
}

void ConvTranspose2d::reset_parameters() { draw(weight, bias); }

Tensor ConvTranspose2d::forward(const Tensor& x) {
  return conv_transpose2d(x, weight, bias,
                          {.stride = options.stride,
                           .padding = options.padding,
                           .output_padding = options.output_padding,
                           .groups = options.groups,
                           .dilation = options.dilation},
                          call_site());
}

std::string ConvTranspose2d::extra() const {
  const Size2d& extra = options.output_padding;
  return describe(in_channels, out_channels, options,
                  extra == Size2d(0) ? "" : str(", output_padding=", extra));
}

}  // namespace tarn::nn
