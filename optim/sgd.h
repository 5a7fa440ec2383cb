#pragma once

#include <vector>

#include <tarn/optim/optimizer.h>

namespace tarn::optim {

/// The numbers of SGD, each of which a ParamGroup may set by the same name.
struct SGDOptions {
  double lr = 1e-3;         ///< learning rate, >= 0
  double momentum = 0;      ///< >= 0; 0 keeps no buffer
  double dampening = 0;     ///< weakens the gradient on its way into the buffer
  double weight_decay = 0;  ///< L2 penalty, >= 0
  bool nesterov = false;    ///< needs momentum > 0 and dampening = 0
  bool maximize = false;    ///< climbs instead
};

/// Stochastic gradient descent (Robbins and Monro 1951) with momentum (Polyak 1964), as PyTorch
/// defines it:
///
///   d = g + weight_decay p                 (-g + ... when maximizing)
///   v = momentum v + (1 - dampening) d     (v = d in the first step)
///   d = d + momentum v  if nesterov (Nesterov 1983; Sutskever et al. 2013), else v
///   p = p - lr d
///
/// Every product and sum is rounded to the parameter's type, so that the same formulas written with
/// tensor operations give the same bits. The buffer v is saved as "momentum_buffer".
class SGD : public Optimizer {
 public:
  /// Throws ValueError for numbers outside the ranges above, and as Optimizer does.
  explicit SGD(std::vector<Tensor> params, const SGDOptions& options = {});
  explicit SGD(std::vector<ParamGroup> groups, const SGDOptions& options = {});

 protected:
  void update(Tensor& p, const Tensor& g, State& s, const ParamGroup& group) override;
  void check_group(const ParamGroup& group) const override;
};

}  // namespace tarn::optim
