#pragma once

#include <cstdint>
#include <functional>

#include <tarn/optim/lr_scheduler.h>

namespace tarn::optim {

/// A factor for the learning rate at t.
using LRLambda = std::function<double(std::int64_t t)>;

/// base_lr lr_lambda(t), for every group the same function. state_dict() does not hold the
/// function: construct with the same one to resume. Throws ValueError for an empty function.
class LambdaLR final : public LRScheduler {
 public:
  explicit LambdaLR(LRLambda lr_lambda);
  LambdaLR(Optimizer& optimizer, LRLambda lr_lambda) : LambdaLR(std::move(lr_lambda)) {
    attach(optimizer);
  }

 private:
  double value(std::int64_t t, double base_lr) const override;

  LRLambda lr_lambda_;
};

}  // namespace tarn::optim
