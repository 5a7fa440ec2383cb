#pragma once

#include <tarn/tensor/tensor.h>

/// Initial values of parameters. All work in place, are not recorded, accept leaves that require
/// grad, take their random numbers from the default generator and return the tensor. The value at
/// an index does not depend on the memory layout. The random ones throw DTypeError for integer
/// types.
///
///   nn::init::kaiming_normal_(fc.weight, {.nonlinearity = nn::init::Nonlinearity::relu});
namespace tarn::nn::init {

/// What follows the layer; the linear maps are all alike.
enum class Nonlinearity {
  linear,
  conv1d,
  conv2d,
  conv3d,
  conv_transpose1d,
  conv_transpose2d,
  conv_transpose3d,
  sigmoid,
  tanh,
  relu,
  leaky_relu,
  selu
};

/// By how much a nonlinearity shrinks the standard deviation of its input, inverted:
/// linear maps and sigmoid 1, tanh 5/3, relu sqrt(2), leaky_relu sqrt(2 / (1 + param^2)) with
/// `param` its slope below 0, selu 3/4. PyTorch's table.
double calculate_gain(Nonlinearity nonlinearity, double param = 0.01);

/// U[low, high). Throws ValueError unless low <= high and both are finite.
const Tensor& uniform_(const Tensor& x, double low = 0, double high = 1);
/// N(mean, std^2). Throws ValueError unless std >= 0 and both are finite.
const Tensor& normal_(const Tensor& x, double mean = 0, double std = 1);
/// N(mean, std^2) cut off below a and above b, by inverting its distribution function. Throws
/// ValueError unless std > 0, a < b and all four are finite.
const Tensor& trunc_normal_(const Tensor& x, double mean = 0, double std = 1, double a = -2,
                            double b = 2);
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

/// What the kaiming initialisers take besides the tensor.
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

/// The identity matrix, [rows, columns]. Throws ShapeError unless x is 2-d.
const Tensor& eye_(const Tensor& x);
/// The kernel [out, in, *] of a convolution that passes the first channels of each of `groups` on
/// as they are: 1 in the middle, else 0. Throws ShapeError unless x has 3 to 5 dimensions,
/// ValueError unless groups divides out.
const Tensor& dirac_(const Tensor& x, std::int64_t groups = 1);
/// gain times a matrix [rows, columns] (the first dimension and all others) whose shorter side is
/// orthonormal, uniformly distributed (Saxe et al. 2014). Throws ShapeError for fewer than 2
/// dimensions.
const Tensor& orthogonal_(const Tensor& x, double gain = 1);
/// N(0, std^2), but 0 in a random part `sparsity` of each column, rounded up (Martens 2010). Throws
/// ShapeError unless x is 2-d, ValueError unless 0 <= sparsity <= 1.
const Tensor& sparse_(const Tensor& x, double sparsity, double std = 0.01);

}  // namespace tarn::nn::init
