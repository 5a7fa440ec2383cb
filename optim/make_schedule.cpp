#include <tarn/optim/constant_lr.h>
#include <tarn/optim/cosine_annealing_lr.h>
#include <tarn/optim/inverse_sqrt_lr.h>
#include <tarn/optim/inverse_time_lr.h>
#include <tarn/optim/make_schedule.h>
#include <tarn/optim/step_lr.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::optim {

std::unique_ptr<LRScheduler> make_schedule(std::string_view name, const ScheduleOptions& o) {
  if (name == "constant") return std::make_unique<ConstantLR>(ConstantLROptions{});
  if (name == "sqrt") return std::make_unique<InverseSqrtLR>();
  if (name == "inverse") {
    return std::make_unique<InverseTimeLR>(InverseTimeLROptions{.alpha = o.alpha});
  }
  if (name == "step") {
    return std::make_unique<StepLR>(StepLROptions{.step_size = o.step_size, .gamma = o.gamma});
  }
  if (name == "cosine") {
    return std::make_unique<CosineAnnealingLR>(
        CosineAnnealingLROptions{.T_max = o.T_max, .eta_min = o.eta_min});
  }
  throw ValueError(str("make_schedule: there is no schedule \"", name,
                       "\": expected constant, sqrt, inverse, step or cosine"));
}

}  // namespace tarn::optim
