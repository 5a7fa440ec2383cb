#pragma once

#include <tarn/tensor/kernels/batch_norm.h>
#include <tarn/tensor/tensor.h>

namespace tarn {

/// x [N, C, *] brought to mean 0 and variance 1 in each channel, and what the gradients of that
/// need: a batch norm, or a layer norm where each row is a channel.
class Normalization {
 public:
  /// `of_input`: the moments are those of x, and the gradient goes through them too.
  Normalization(const kernels::ChannelMoments& moments, double eps, bool of_input);

  /// (x - mean) inverse_std weight + bias, outside the graph; the last two are [C] or undefined.
  Tensor apply(const Tensor& x, const Tensor& weight, const Tensor& bias) const;

  /// The gradient of apply() with respect to x, and to the weight.
  Tensor input_gradient(const Tensor& g, const Tensor& x, const Tensor& weight) const;
  Tensor weight_gradient(const Tensor& g, const Tensor& x) const;

 private:
  struct Standardized;
  Tensor scale(const Tensor& weight) const;

  Tensor mean_;         // [C] float64
  Tensor inverse_std_;  // [C] float64
  double eps_;
  bool of_input_;
};

}  // namespace tarn
