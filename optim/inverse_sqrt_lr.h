#pragma once

#include <cstdint>

#include <tarn/optim/lr_scheduler.h>

namespace tarn::optim {

/// base_lr / sqrt(t + 1): the rate for which the average of the iterates of projected SGD on a
/// convex function is O(1/sqrt(T)) close to the minimum (Zinkevich 2003). The sum of its squares
/// diverges like log(T): it fails the second condition of Robbins and Monro 1951.
class InverseSqrtLR final : public LRScheduler {
 public:
  InverseSqrtLR();
  explicit InverseSqrtLR(Optimizer& optimizer) : InverseSqrtLR() { attach(optimizer); }

  LRTail tail(double) const override { return LRTail::power(0, 0.5, 1); }

 private:
  double value(std::int64_t t, double base_lr, std::size_t) const override;
};

}  // namespace tarn::optim
