#pragma once

#include <tarn/tensor/tensor.h>

namespace tarn {

/// What batch_norm() takes besides its tensors.
struct BatchNormOptions {
  bool training = false;  ///< normalise by the batch's own mean and variance
  double momentum = 0.1;  ///< weight of the batch in the running statistics
  double eps = 1e-5;      ///< added to the variance
};

/// (x - mean) / sqrt(variance + eps) * weight + bias, channel by channel (Ioffe and Szegedy 2015,
/// algorithms 1 and 2).
/// x [N, C, *], float32 or float64; running_mean, running_var, weight and bias [C], of x's dtype,
/// or undefined. In training, mean and variance are those of the channel in this batch, and the
/// running statistics, if given, become (1 - momentum) running + momentum batch, in place, with the
/// unbiased variance (divided by n - 1); an empty batch leaves them alone. Otherwise they are the
/// running statistics. Throws ShapeError and DTypeError for tensors that do not fit, ValueError for
/// a batch with one value per channel in training, running statistics that are missing, or one
/// without the other.
Tensor batch_norm(const Tensor& x, const Tensor& running_mean, const Tensor& running_var,
                  const Tensor& weight = {}, const Tensor& bias = {},
                  const BatchNormOptions& options = {}, Where where = Where::current());

}  // namespace tarn
