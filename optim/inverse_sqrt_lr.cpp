#include <cmath>

#include <tarn/optim/inverse_sqrt_lr.h>

namespace tarn::optim {

InverseSqrtLR::InverseSqrtLR() : LRScheduler("InverseSqrtLR") {}

double InverseSqrtLR::value(std::int64_t t, double base_lr, std::size_t) const {
  return base_lr / std::sqrt(static_cast<double>(t) + 1);
}

}  // namespace tarn::optim
