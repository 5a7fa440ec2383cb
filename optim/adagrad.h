#pragma once

#include <vector>

#include <tarn/optim/optimizer.h>

namespace tarn::optim {

/// The numbers of Adagrad, each of which a ParamGroup may set by the same name.
struct AdagradOptions {
  double lr = 1e-2;         ///< learning rate, >= 0
  double lr_decay = 0;      ///< the rate of step t is lr / (1 + (t - 1) lr_decay), >= 0
  double weight_decay = 0;  ///< L2 penalty, >= 0
  double initial_accumulator_value = 0;  ///< what the sum of squares starts from, >= 0
  double eps = 1e-10;                    ///< keeps the denominator from 0, >= 0
  bool maximize = false;                 ///< climbs instead
};

/// Adagrad (Duchi et al. 2011), as PyTorch defines it: every element has a rate of its own, which
/// falls with the squares of its gradients. In step t = 1, 2, ... of a parameter:
///
///   d = g + weight_decay p                       (-g + ... when maximizing)
///   s = s + d^2                                  (initial_accumulator_value at first)
///   p = p - lr / (1 + (t - 1) lr_decay) d / (sqrt(s) + eps)
///
/// s and t are saved as "sum" and "step".
class Adagrad : public Optimizer {
 public:
  /// Throws ValueError for numbers outside the ranges above, and as Optimizer does.
  explicit Adagrad(std::vector<Tensor> params, const AdagradOptions& options = {});
  explicit Adagrad(std::vector<ParamGroup> groups, const AdagradOptions& options = {});

 protected:
  void update(Tensor& p, const Tensor& g, State& s, const ParamGroup& group) override;
};

}  // namespace tarn::optim
