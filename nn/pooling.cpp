#include <tarn/autograd/detail/window.h>
#include <tarn/nn/pooling.h>
#include <tarn/tensor/str.h>

namespace tarn::nn {

MaxPool2d::MaxPool2d(const MaxPool2dOptions& o) : options(o) {
  check_pooling("MaxPool2d", {o.kernel_size, o.stride, o.padding, o.dilation, o.ceil_mode});
}

Tensor MaxPool2d::forward(const Tensor& x) { return max_pool2d(x, options, call_site()); }

std::string MaxPool2d::extra() const {
  return str("kernel_size=", options.kernel_size, ", stride=", options.stride,
             ", padding=", options.padding, ", dilation=", options.dilation,
             ", ceil_mode=", options.ceil_mode ? "True" : "False");
}

AvgPool2d::AvgPool2d(const AvgPool2dOptions& o) : options(o) {
  check_pooling("AvgPool2d", {o.kernel_size, o.stride, o.padding, 1, o.ceil_mode});
}

Tensor AvgPool2d::forward(const Tensor& x) { return avg_pool2d(x, options, call_site()); }

std::string AvgPool2d::extra() const {
  return str("kernel_size=", options.kernel_size, ", stride=", options.stride,
             ", padding=", options.padding);
}

}  // namespace tarn::nn
