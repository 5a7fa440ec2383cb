#include <algorithm>
#include <cmath>

#include <tarn/optim/detail/check_number.h>
#include <tarn/optim/scale_lr.h>

namespace tarn::optim {

ScaledLR scale_lr(double lr, const ScaleLROptions& options) {
  detail::check("scale_lr", "lr", lr, Allowed::non_negative);
  detail::check_at_least("scale_lr", "from", options.from, 1);
  detail::check_at_least("scale_lr", "to", options.to, 1);
  detail::check_at_least("scale_lr", "warmup_steps", options.warmup_steps, 0);
  const double growth = static_cast<double>(options.to) / static_cast<double>(options.from);
  const double factor = options.rule == LRScaling::none     ? 1
                        : options.rule == LRScaling::linear ? growth
                                                            : std::sqrt(growth);
  const double start = std::min(1 / factor, 1.0);
  return {.lr = lr * factor,
          .warmup = {.total_iters = factor > 1 ? options.warmup_steps : 0, .start_factor = start}};
}

}  // namespace tarn::optim
