#include <algorithm>

#include <tarn/optim/detail/check_number.h>
#include <tarn/optim/linear_lr.h>

namespace tarn::optim {

LinearLR::LinearLR(const LinearLROptions& options) : LRScheduler("LinearLR"), options_(options) {
  detail::check(name(), "start_factor", options.start_factor, Allowed::zero_to_one);
  detail::check(name(), "end_factor", options.end_factor, Allowed::zero_to_one);
  detail::check_at_least(name(), "total_iters", options.total_iters, 1);
}

double LinearLR::value(std::int64_t t, double base_lr, std::size_t) const {
  const auto& [start, end, total] = options_;
  return base_lr * (start + (end - start) * static_cast<double>(std::min(total, t)) /
                                static_cast<double>(total));
}

}  // namespace tarn::optim
