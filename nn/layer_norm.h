#pragma once

#include <initializer_list>

#include <tarn/nn/module.h>

namespace tarn::nn {

/// What LayerNorm takes besides its shape.
struct LayerNormOptions {
  double eps = 1e-5;
  bool elementwise_affine = true;  ///< train a weight and a bias
  DType dtype = DType::float32;    ///< of the parameters; float32 or float64
};

/// tarn::layer_norm over the last dimensions, of sizes `normalized_shape`.
///
///   nn::LayerNorm norm(64);
///   Tensor y = norm(x);   // [*, 64] -> [*, 64]
class LayerNorm : public Module {
 public:
  /// Throws ValueError for a shape that is empty or has a size < 1, DTypeError for an integer
  /// dtype.
  explicit LayerNorm(const Shape& normalized_shape, const LayerNormOptions& options = {});
  explicit LayerNorm(std::initializer_list<std::int64_t> sizes,
                     const LayerNormOptions& options = {})
      : LayerNorm(Shape(sizes), options) {}

  /// weight = 1, bias = 0.
  void reset_parameters();

  Tensor forward(const Tensor& x) override;
  std::string extra() const override;

  const Shape normalized_shape;
  const double eps;
  Tensor& weight;  ///< of shape normalized_shape, or undefined
  Tensor& bias;    ///< the same
};

}  // namespace tarn::nn
