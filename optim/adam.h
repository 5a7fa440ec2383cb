#pragma once

#include <string>
#include <utility>
#include <vector>

#include <tarn/optim/optimizer.h>

namespace tarn::optim {

/// The numbers of Adam. A ParamGroup may set each by the same name, betas as "beta1" and "beta2".
struct AdamOptions {
  double lr = 1e-3;                             ///< learning rate, >= 0
  std::pair<double, double> betas{0.9, 0.999};  ///< decay of the two averages, each in [0, 1)
  double eps = 1e-8;                            ///< keeps the denominator from 0, >= 0
  double weight_decay = 0;                      ///< L2 penalty, >= 0
  bool amsgrad = false;                         ///< divide by the largest average so far
  bool maximize = false;                        ///< climbs instead
};

/// Adam (Kingma and Ba 2015, algorithm 1), as PyTorch defines it. In step t = 1, 2, ... of a
/// parameter:
///
///   d = g + weight_decay p                       (-g + ... when maximizing)
///   m = beta1 m + (1 - beta1) d
///   v = beta2 v + (1 - beta2) d^2
///   w = v, or the largest v so far if amsgrad    (Reddi et al. 2018)
///   p = p - lr / (1 - beta1^t) m / (sqrt(w) / sqrt(1 - beta2^t) + eps)
///
/// m, v, the largest v and t are saved as "exp_avg", "exp_avg_sq", "max_exp_avg_sq" and "step".
class Adam : public Optimizer {
 public:
  /// Throws ValueError for numbers outside the ranges above, and as Optimizer does.
  explicit Adam(std::vector<Tensor> params, const AdamOptions& options = {});
  explicit Adam(std::vector<ParamGroup> groups, const AdamOptions& options = {});

 protected:
  /// What weight_decay does: adds to the gradient, or shrinks p by itself (AdamW).
  enum class Decay { penalty, decoupled };

  Adam(std::string name, std::vector<ParamGroup> groups, const AdamOptions& options, Decay decay);

  void update(Tensor& p, const Tensor& g, State& s, const ParamGroup& group) override;

 private:
  Decay decay_ = Decay::penalty;
};

}  // namespace tarn::optim
