#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include <tarn/data/detail/epoch_plan.h>

namespace tarn::data::detail {

/// Threads that fetch the batches of an epoch ahead of their use. Batches come out in order,
/// whichever is ready first, and at most workers * prefetch_factor of them wait or are being
/// fetched.
class Prefetcher {
 public:
  /// Fetches the batches first, first + step, ... of those that `plan` has more than `first` of. It
  /// must outlive the prefetcher. Throws Error when the system refuses a thread.
  Prefetcher(const EpochPlan& plan, std::int64_t first, std::int64_t step, int workers,
             int prefetch_factor);
  /// Ends the threads, at the latest when the example that each is fetching is there.
  ~Prefetcher();
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;

  /// The next batch, once it is there. Throws what fetching it threw; the call after that gives the
  /// batch after it. To be called once for each batch at most.
  Batch next();

 private:
  struct Slot {
    bool ready = false;
    Batch batch;
    std::exception_ptr error;
  };

  void start(int workers);
  void stop() noexcept;
  void work(int worker);
  bool claim(std::int64_t& batch);
  Slot& slot(std::int64_t batch) { return slots_[static_cast<std::size_t>(batch) % slots_.size()]; }

  const EpochPlan& plan_;
  const std::int64_t first_;
  const std::int64_t step_;
  const std::int64_t count_;  // of the batches, numbered from 0 here
  std::vector<Slot> slots_;   // a ring
  std::vector<std::thread> threads_;
  std::atomic<bool> stopped_ = false;

  std::mutex mutex_;
  std::condition_variable room_;   // a batch may be claimed, or there will be none any more
  std::condition_variable ready_;  // a slot has become ready
  std::int64_t claimed_ = 0;       // batches that workers have begun
  std::int64_t delivered_ = 0;     // batches that next() has given out
};

}  // namespace tarn::data::detail
