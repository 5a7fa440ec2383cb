#pragma once

#include <cstdint>
#include <functional>

#include <tarn/optim/lr_scheduler.h>
#include <tarn/optim/per_group.h>

namespace tarn::optim {

/// A factor for the learning rate at t.
using LRLambda = std::function<double(std::int64_t t)>;

/// base_lr lr_lambda(t), with one function for all groups or one for each, `{f, g}`. state_dict()
/// does not hold it: construct with the same one to resume. Throws ValueError for an empty
/// function.
class LambdaLR final : public LRScheduler {
 public:
  explicit LambdaLR(PerGroup<LRLambda> lr_lambda);
  LambdaLR(Optimizer& optimizer, PerGroup<LRLambda> lr_lambda) : LambdaLR(std::move(lr_lambda)) {
    attach(optimizer);
  }

 private:
  double value(std::int64_t t, double base_lr, std::size_t group) const override;

  PerGroup<LRLambda> lr_lambda_;
};

}  // namespace tarn::optim
