#pragma once

#include <concepts>
#include <memory>
#include <utility>

#include <tarn/optim/lr_scheduler.h>

namespace tarn::optim {

/// Any schedule as a value that can be copied: what SequentialLR, ChainedScheduler and WarmupLR are
/// made of. Every LRScheduler converts to it, and so does what make_schedule() returns.
class Schedule {
 public:
  template <std::derived_from<LRScheduler> S>
  Schedule(S schedule)  // NOLINT(google-explicit-constructor)
      : Schedule(std::make_unique<S>(std::move(schedule))) {}

  /// Throws ValueError for a null pointer and for a schedule that is attached to an optimizer: a
  /// part is asked for lr(t, base_lr), its whole is what an optimizer follows.
  template <std::derived_from<LRScheduler> S>
  Schedule(std::unique_ptr<S> schedule)  // NOLINT(google-explicit-constructor)
      : schedule_(std::move(schedule)) {
    check();
  }

  const LRScheduler& operator*() const { return *schedule_; }
  const LRScheduler* operator->() const { return schedule_.get(); }

 private:
  void check() const;

  std::shared_ptr<const LRScheduler> schedule_;
};

}  // namespace tarn::optim
