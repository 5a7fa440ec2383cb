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

}  // namespace tarn::nn
