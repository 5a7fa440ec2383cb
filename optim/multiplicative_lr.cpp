#include <utility>

#include <tarn/optim/multiplicative_lr.h>
#include <tarn/tensor/error.h>

namespace tarn::optim {

MultiplicativeLR::MultiplicativeLR(PerGroup<LRLambda> lr_lambda)
    : LRScheduler("MultiplicativeLR"), lr_lambda_(std::move(lr_lambda)) {
  for (const LRLambda& factor : lr_lambda_.values())
    if (!factor) throw ValueError("MultiplicativeLR: lr_lambda is empty: expected a function of t");
}

double MultiplicativeLR::value(std::int64_t t, double base_lr, std::size_t group) const {
  const LRLambda& factor = lr_lambda_[group];
  if (products_.size() <= group) products_.resize(group + 1);
  Product& product = products_[group];
  if (t < product.t) product = {};
  while (product.t < t) {
    product.value *= factor(product.t + 1);
    ++product.t;
  }
  return base_lr * product.value;
}

}  // namespace tarn::optim
