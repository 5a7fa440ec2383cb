#include <tarn/optim/schedule.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::optim {

void Schedule::check() const {
  if (!schedule_) throw ValueError("Schedule: the pointer is null: expected a schedule");
  if (schedule_->is_attached()) {
    throw ValueError(str(schedule_->name(),
                         ": it is attached to an optimizer: expected a schedule ",
                         "without one as a part of another; attach the whole"));
  }
}

}  // namespace tarn::optim
