#include <utility>

#include <tarn/optim/lambda_lr.h>
#include <tarn/tensor/error.h>

namespace tarn::optim {

LambdaLR::LambdaLR(LRLambda lr_lambda) : LRScheduler("LambdaLR"), lr_lambda_(std::move(lr_lambda)) {
  if (!lr_lambda_) throw ValueError("LambdaLR: lr_lambda is empty: expected a function of t");
}

double LambdaLR::value(std::int64_t t, double base_lr) const { return base_lr * lr_lambda_(t); }

}  // namespace tarn::optim
