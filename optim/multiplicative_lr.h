#pragma once

#include <cstdint>

#include <tarn/optim/lambda_lr.h>
#include <tarn/optim/lr_scheduler.h>

namespace tarn::optim {

/// base_lr lr_lambda(1) lr_lambda(2) ... lr_lambda(t), with one function for all groups or one for
/// each, `{f, g}`. The products so far are kept, so that rising t cost one call each; not for
/// several threads at once. Throws ValueError for an empty function.
class MultiplicativeLR final : public LRScheduler {
 public:
  explicit MultiplicativeLR(PerGroup<LRLambda> lr_lambda);
  MultiplicativeLR(Optimizer& optimizer, PerGroup<LRLambda> lr_lambda)
      : MultiplicativeLR(std::move(lr_lambda)) {
    attach(optimizer);
  }

 private:
  double value(std::int64_t t, double base_lr, std::size_t group) const override;

  struct Product {
    std::int64_t t = 0;
    double value = 1;
  };

  PerGroup<LRLambda> lr_lambda_;
  mutable std::vector<Product> products_;  // of each group, so far
};

}  // namespace tarn::optim
