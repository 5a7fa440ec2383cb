#pragma once

#include <vector>

#include <tarn/optim/optimizer.h>

namespace tarn::optim {

/// The numbers of RMSprop, each of which a ParamGroup may set by the same name.
struct RMSpropOptions {
  double lr = 1e-2;         ///< learning rate, >= 0
  double alpha = 0.99;      ///< decay of the averages, in 0..1
  double eps = 1e-8;        ///< keeps the denominator from 0, >= 0
  double weight_decay = 0;  ///< L2 penalty, >= 0
  double momentum = 0;      ///< >= 0; 0 keeps no buffer
  bool centered = false;    ///< divide by the deviation from the average gradient
  bool maximize = false;    ///< climbs instead
};

/// RMSprop (Hinton's lecture 6e, 2012; centered: Graves 2013), as PyTorch defines it:
///
///   d = g + weight_decay p                       (-g + ... when maximizing)
///   v = alpha v + (1 - alpha) d^2
///   a = alpha a + (1 - alpha) d                  if centered, else 0
///   d = d / (sqrt(v - a^2) + eps)
///   b = momentum b + d                           if momentum > 0, else d
///   p = p - lr b
///
/// v, a and b are saved as "square_avg", "grad_avg" and "momentum_buffer".
class RMSprop : public Optimizer {
 public:
  /// Throws ValueError for numbers outside the ranges above, and as Optimizer does.
  explicit RMSprop(std::vector<Tensor> params, const RMSpropOptions& options = {});
  explicit RMSprop(std::vector<ParamGroup> groups, const RMSpropOptions& options = {});

 protected:
  void update(Tensor& p, const Tensor& g, State& s, const ParamGroup& group) override;
};

}  // namespace tarn::optim
