#include <algorithm>
#include <limits>

#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/per_sample.h>
#include <tarn/optim/detail/check_number.h>
#include <tarn/optim/detail/index_range.h>
#include <tarn/optim/full_gradient.h>
#include <tarn/optim/gradient_variance.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::optim {

double GradientVariance::with_replacement(std::int64_t batch_size) const {
  detail::check_at_least("GradientVariance", "batch_size", batch_size, 1);
  return trace / static_cast<double>(batch_size);
}

double GradientVariance::shuffled(std::int64_t batch_size) const {
  if (batch_size > size) {
    throw ValueError(str("GradientVariance: batch_size = ", batch_size, ": expected 1..", size,
                         ", the number of examples; with_replacement() takes larger ones"));
  }
  const double all = with_replacement(batch_size);
  if (batch_size == size) return 0;
  return all * static_cast<double>(size - batch_size) / static_cast<double>(size - 1);
}

double GradientVariance::noise_scale() const {
  if (norm_squared > 0) return trace / norm_squared;
  return trace > 0 ? std::numeric_limits<double>::infinity()
                   : std::numeric_limits<double>::quiet_NaN();
}

GradientVariance gradient_variance(const Objective& objective,
                                   const GradientVarianceOptions& options) {
  const GradModeGuard recording(true);
  double squares = 0;
  objective.for_each_part(
      detail::index_range(objective.size()), options.chunk_size, [&](const Tensor& losses) {
        const Tensor norms =
            per_sample_gradient_norms(losses, objective.params(), {.loop = options.loop});
        for (const double norm : norms.to_vector()) squares += norm * norm;
      });
  const double norm = full_gradient(objective, {.chunk_size = options.chunk_size}).norm();
  const double mean = squares / static_cast<double>(objective.size());
  return {std::max(mean - norm * norm, 0.0), norm * norm, objective.size()};
}

}  // namespace tarn::optim
