#include <utility>

#include <tarn/optim/multiplicative_lr.h>
#include <tarn/tensor/error.h>

namespace tarn::optim {

MultiplicativeLR::MultiplicativeLR(LRLambda lr_lambda)
    : LRScheduler("MultiplicativeLR"), lr_lambda_(std::move(lr_lambda)) {
  if (!lr_lambda_) {
    throw ValueError("MultiplicativeLR: lr_lambda is empty: expected a function of t");
  }
}

double MultiplicativeLR::value(std::int64_t t, double base_lr) const {
  if (t < last_t_) {
    last_t_ = 0;
    product_ = 1;
  }
  while (last_t_ < t) {
    const double factor = lr_lambda_(last_t_ + 1);
    product_ *= factor;
    ++last_t_;
  }
  return base_lr * product_;
}

}  // namespace tarn::optim
