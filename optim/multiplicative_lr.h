#pragma once

#include <cstdint>

#include <tarn/optim/lambda_lr.h>
#include <tarn/optim/lr_scheduler.h>

namespace tarn::optim {

/// base_lr lr_lambda(1) lr_lambda(2) ... lr_lambda(t). The product so far is kept, so that rising t
/// cost one call each; not for several threads at once. Throws ValueError for an empty function.
class MultiplicativeLR final : public LRScheduler {
 public:
  explicit MultiplicativeLR(LRLambda lr_lambda);
  MultiplicativeLR(Optimizer& optimizer, LRLambda lr_lambda)
      : MultiplicativeLR(std::move(lr_lambda)) {
    attach(optimizer);
  }

 private:
  double value(std::int64_t t, double base_lr) const override;

  LRLambda lr_lambda_;
  mutable std::int64_t last_t_ = 0;
  mutable double product_ = 1;  // at last_t_
};

}  // namespace tarn::optim
