#include <tarn/optim/constant_lr.h>
#include <tarn/optim/detail/check_number.h>

namespace tarn::optim {

ConstantLR::ConstantLR(const ConstantLROptions& options)
    : LRScheduler("ConstantLR"), options_(options) {
  detail::check(name(), "factor", options.factor, Allowed::zero_to_one);
  detail::check_at_least(name(), "total_iters", options.total_iters, 0);
}

double ConstantLR::value(std::int64_t t, double base_lr, std::size_t) const {
  return t < options_.total_iters ? base_lr * options_.factor : base_lr;
}

}  // namespace tarn::optim
