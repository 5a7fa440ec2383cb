#pragma once

#include <tarn/tensor/tensor.h>

/// Initial values of parameters. All work in place, are not recorded, accept leaves that require
/// grad, take their random numbers from the default generator and return the tensor. The value at
/// an index does not depend on the memory layout. The random ones throw DTypeError for integer
/// types.
///
///   nn::init::kaiming_normal_(fc.weight, {.nonlinearity = nn::init::Nonlinearity::relu});
namespace tarn::nn::init {

/// What follows the layer.
enum class Nonlinearity { linear, sigmoid, tanh, relu, leaky_relu, selu };

/// By how much a nonlinearity shrinks the standard deviation of its input, inverted:
/// linear and sigmoid 1, tanh 5/3, relu sqrt(2), leaky_relu sqrt(2 / (1 + param^2)) with `param`
/// its slope below 0, selu 3/4. PyTorch's table.
double calculate_gain(Nonlinearity nonlinearity, double param = 0.01);

/// U[low, high). Throws ValueError unless low <= high and both are finite.
const Tensor& uniform_(const Tensor& x, double low = 0, double high = 1);
/// N(mean, std^2). Throws ValueError unless std >= 0 and both are finite.
const Tensor& normal_(const Tensor& x, double mean = 0, double std = 1);
const Tensor& constant_(const Tensor& x, double value);
const Tensor& zeros_(const Tensor& x);
const Tensor& ones_(const Tensor& x);

// A weight of shape [out, in, *] has fan_in = in * prod(*) and fan_out = out * prod(*). The four
// below throw ShapeError for a tensor with fewer than 2 dimensions, ValueError for a gain or slope
// that is negative or not finite.

/// U(-b, b) with b = gain sqrt(6 / (fan_in + fan_out)). Glorot and Bengio 2010, eq. 16.
const Tensor& xavier_uniform_(const Tensor& x, double gain = 1);
/// N(0, std^2) with std = gain sqrt(2 / (fan_in + fan_out)). Glorot and Bengio 2010, eq. 12.
const Tensor& xavier_normal_(const Tensor& x, double gain = 1);

/// Which variance stays: that of the values on the way forward, or of the gradients on the way
/// back.
enum class FanMode { fan_in, fan_out };

struct KaimingOptions {
  double a = 0;  ///< slope of leaky_relu below 0; 0 makes it relu
  FanMode mode = FanMode::fan_in;
  Nonlinearity nonlinearity = Nonlinearity::leaky_relu;
};

/// U(-b, b) with b = gain sqrt(3 / fan), gain = calculate_gain(nonlinearity, a). He et al. 2015,
/// eq. 10 (fan_in) and 14 (fan_out), as a uniform distribution.
const Tensor& kaiming_uniform_(const Tensor& x, const KaimingOptions& options = {});
/// N(0, std^2) with std = gain / sqrt(fan). He et al. 2015, eq. 10 and 14.
const Tensor& kaiming_normal_(const Tensor& x, const KaimingOptions& options = {});

}  // namespace tarn::nn::init
