#include <algorithm>
#include <system_error>
#include <utility>

#include <tarn/data/detail/prefetcher.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/parallel.h>
#include <tarn/tensor/str.h>

namespace tarn::data::detail {

Prefetcher::Prefetcher(const EpochPlan& plan, std::int64_t first, std::int64_t step, int workers,
                       int prefetch_factor)
    : plan_(plan),
      first_(first),
      step_(step),
      count_((plan.batches - first + step - 1) / step),
      slots_(static_cast<std::size_t>(std::min(std::int64_t{workers} * prefetch_factor, count_))) {
  start(static_cast<int>(std::min<std::int64_t>(workers, count_)));
}

Prefetcher::~Prefetcher() { stop(); }

void Prefetcher::start(int workers) {
  threads_.reserve(static_cast<std::size_t>(workers));
  try {
    for (int worker = 0; worker < workers; ++worker) {
      threads_.emplace_back([this, worker] { work(worker); });
    }
  } catch (const std::system_error& error) {
    stop();
    throw Error(str("DataLoader: worker ", threads_.size(), " of ", workers,
                    " could not be started: ", error.what(), "; lower num_workers"));
  }
}

void Prefetcher::stop() noexcept {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  room_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool Prefetcher::claim(std::int64_t& batch) {
  std::unique_lock lock(mutex_);
  const auto capacity = static_cast<std::int64_t>(slots_.size());
  room_.wait(lock,
             [&] { return stopped_ || claimed_ == count_ || claimed_ < delivered_ + capacity; });
  if (stopped_ || claimed_ == count_) return false;
  batch = claimed_++;
  if (claimed_ == count_) room_.notify_all();
  return true;
}

void Prefetcher::work(int worker) {
  const SerialGuard serial;
  for (std::int64_t batch = 0; claim(batch);) {
    Slot result{.ready = true, .batch = {}, .error = {}};
    try {
      result.batch = plan_.fetch(first_ + batch * step_, worker, &stopped_);
    } catch (...) {
      result.error = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    slot(batch) = std::move(result);
    ready_.notify_one();
  }
}

Batch Prefetcher::next() {
  Slot result;
  {
    std::unique_lock lock(mutex_);
    Slot& next = slot(delivered_);
    ready_.wait(lock, [&] { return next.ready; });
    result = std::exchange(next, Slot());
    ++delivered_;
  }
  room_.notify_one();
  if (result.error) std::rethrow_exception(result.error);
  return std::move(result.batch);
}

}  // namespace tarn::data::detail
