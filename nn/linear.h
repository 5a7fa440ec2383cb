#pragma once

#include <tarn/nn/module.h>

namespace tarn::nn {

/// What Linear takes besides its sizes.
struct LinearOptions {
  bool bias = true;
  DType dtype = DType::float32;  ///< of the parameters; float32 or float64
};

/// y = x weight^T + bias, over the last dimension.
///
///   nn::Linear fc(784, 128);
///   Tensor y = fc(x);   // [N, 784] -> [N, 128]
///
/// x [*, in_features], returns [*, out_features].
class Linear : public Module {
 public:
  /// Throws ValueError unless both sizes are >= 1, DTypeError for an integer dtype.
  Linear(std::int64_t in_features, std::int64_t out_features, const LinearOptions& options = {});

  /// Draws new values, PyTorch's default: weight and bias from U(-b, b), b = 1/sqrt(in_features).
  /// For the weight that is kaiming_uniform_ with a = sqrt(5) (LeCun et al. 1998, "Efficient
  /// BackProp", section 4.6, scaled by 1/sqrt(3)).
  void reset_parameters();

  Tensor forward(const Tensor& x) override;
  std::string extra() const override;

  const std::int64_t in_features;
  const std::int64_t out_features;
  /// [out_features, in_features]; lies in memory as [in_features, out_features], the faster way
  /// to multiply by.
  Tensor& weight;
  /// [out_features], or undefined.
  Tensor& bias;
};

}  // namespace tarn::nn
