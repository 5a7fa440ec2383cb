#pragma once

#include <tarn/tensor/tensor.h>

namespace tarn::kernels {

// Over x [N, C, *]: a channel is all elements with the same second index. What there is one of for
// a channel is a contiguous tensor [C] of float64, so that a mean far from zero costs no accuracy.
// A channel is summed by one thread in an order that depends on the shape alone.

struct ChannelMoments {
  Tensor mean;
  Tensor variance;  ///< the mean of the squared distances from the mean
};

/// 0 and 0 for a channel without elements.
ChannelMoments channel_moments(const Tensor& x);

/// (x - mean) * scale + shift; `shift` may be undefined.
Tensor normalize_channels(const Tensor& x, const Tensor& mean, const Tensor& scale,
                          const Tensor& shift);

struct ChannelProducts {
  Tensor sum;      ///< sum of g
  Tensor product;  ///< sum of g (x - mean) inverse_std
};

ChannelProducts channel_products(const Tensor& g, const Tensor& x, const Tensor& mean,
                                 const Tensor& inverse_std);

/// The gradient of a batch norm with respect to x in training, where mean and variance depend on x:
/// scale (g - mean(g) - h mean(g h)) with h = (x - mean) inverse_std.
Tensor batch_norm_gradient(const Tensor& g, const Tensor& x, const Tensor& mean,
                           const Tensor& inverse_std, const Tensor& scale);

}  // namespace tarn::kernels
