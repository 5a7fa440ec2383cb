#pragma once

#include <tarn/nn/module.h>

namespace tarn::nn {

/// In training mode, zeroes each element with probability p and multiplies the others by 1 / (1 -
/// p); in evaluation mode, returns its input (Srivastava et al. 2014).
class Dropout : public Module {
 public:
  /// Throws ValueError unless 0 <= p <= 1.
  explicit Dropout(double p = 0.5);

  Tensor forward(const Tensor& x) override;
  std::string extra() const override;

  const double p;
};

/// Dropout of whole channels of x [N, C, H, W], dropout2d() (Tompson et al. 2015).
class Dropout2d : public Module {
 public:
  /// Throws ValueError unless 0 <= p <= 1.
  explicit Dropout2d(double p = 0.5);

  Tensor forward(const Tensor& x) override;
  std::string extra() const override;

  const double p;
};

}  // namespace tarn::nn
