#include <utility>

#include <tarn/optim/lambda_lr.h>
#include <tarn/tensor/error.h>

namespace tarn::optim {

LambdaLR::LambdaLR(PerGroup<LRLambda> lr_lambda)
    : LRScheduler("LambdaLR"), lr_lambda_(std::move(lr_lambda)) {
  for (const LRLambda& factor : lr_lambda_.values())
    if (!factor) throw ValueError("LambdaLR: lr_lambda is empty: expected a function of t");
}

double LambdaLR::value(std::int64_t t, double base_lr, std::size_t group) const {
  return base_lr * lr_lambda_[group](t);
}

}  // namespace tarn::optim
