#pragma once

#include <tarn/optim/adam.h>

namespace tarn::optim {

/// The numbers of AdamW. A ParamGroup may set each by the same name, betas as "beta1" and "beta2".
struct AdamWOptions {
  double lr = 1e-3;                             ///< learning rate, >= 0
  std::pair<double, double> betas{0.9, 0.999};  ///< decay of the two averages, each in [0, 1)
  double eps = 1e-8;                            ///< keeps the denominator from 0, >= 0
  double weight_decay = 1e-2;                   ///< >= 0
  bool amsgrad = false;                         ///< divide by the largest average so far
  bool maximize = false;                        ///< climbs instead
};

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2): instead of adding to
/// the gradient, weight_decay shrinks the parameter by itself before each step,
///
///   p = p (1 - lr weight_decay)
class AdamW : public Adam {
 public:
  /// Throws ValueError for numbers outside the ranges above, and as Optimizer does.
  explicit AdamW(std::vector<Tensor> params, const AdamWOptions& options = {});
  explicit AdamW(std::vector<ParamGroup> groups, const AdamWOptions& options = {});
};

}  // namespace tarn::optim
