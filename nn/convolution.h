#pragma once

#include <tarn/autograd/ops/size_2d.h>
#include <tarn/nn/module.h>

namespace tarn::nn {

/// What Conv2d takes besides the numbers of channels.
struct Conv2dOptions {
  Size2d kernel_size;
  Size2d stride = 1;
  Size2d padding = 0;   ///< zeros on each side
  Size2d dilation = 1;  ///< step between the inputs that neighbouring elements of the kernel see
  std::int64_t groups = 1;  ///< parts of the channels that do not see one another
  bool bias = true;
  DType dtype = DType::float32;  ///< of the parameters; float32 or float64
};

/// A convolution of images, conv2d().
///
///   nn::Conv2d conv(1, 32, {.kernel_size = 3, .padding = 1});
///   Tensor y = conv(x);   // [N, 1, 28, 28] -> [N, 32, 28, 28]
///
/// x [N, in_channels, H, W] or [in_channels, H, W], returns [N, out_channels, H', W'].
class Conv2d : public Module {
 public:
  /// Throws ValueError unless the channels are multiples of `groups` and at least 1 and the options
  /// in range, DTypeError for an integer dtype.
  Conv2d(std::int64_t in_channels, std::int64_t out_channels, const Conv2dOptions& options);

  /// Draws new values, PyTorch's default: weight and bias from U(-b, b), b = 1 / sqrt(fan_in) with
  /// fan_in = in_channels / groups * kH * kW. For the weight that is kaiming_uniform_ with
  /// a = sqrt(5).
  void reset_parameters();

  Tensor forward(const Tensor& x) override;
  std::string extra() const override;

  const std::int64_t in_channels;
  const std::int64_t out_channels;
  const Conv2dOptions options;
  /// [out_channels, in_channels / groups, kH, kW]
  Tensor& weight;
  /// [out_channels], or undefined.
  Tensor& bias;
};

/// What ConvTranspose2d takes besides the numbers of channels.
struct ConvTranspose2dOptions {
  Size2d kernel_size;
  Size2d stride = 1;
  Size2d padding = 0;         ///< rows and columns cut off on each side
  Size2d output_padding = 0;  ///< rows and columns added at the end of each dimension
  std::int64_t groups = 1;
  bool bias = true;
  Size2d dilation = 1;
  DType dtype = DType::float32;  ///< of the parameters; float32 or float64
};

/// A transposed convolution, conv_transpose2d(): with the options of a Conv2d, from images of the
/// size that it gives to images of the size that it takes.
///
///   nn::ConvTranspose2d up(32, 16, {.kernel_size = 2, .stride = 2});
///   Tensor y = up(x);   // [N, 32, 7, 7] -> [N, 16, 14, 14]
class ConvTranspose2d : public Module {
 public:
  /// Throws as Conv2d.
  ConvTranspose2d(std::int64_t in_channels, std::int64_t out_channels,
                  const ConvTranspose2dOptions& options);

  /// As Conv2d's, with fan_in = out_channels / groups * kH * kW.
  void reset_parameters();

  Tensor forward(const Tensor& x) override;
  std::string extra() const override;

  const std::int64_t in_channels;
  const std::int64_t out_channels;
  const ConvTranspose2dOptions options;
  /// [in_channels, out_channels / groups, kH, kW]
  Tensor& weight;
  /// [out_channels], or undefined.
  Tensor& bias;
};

}  // namespace tarn::nn
