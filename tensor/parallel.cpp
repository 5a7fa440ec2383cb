#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <limits>
#include <mutex>

#include <omp.h>
#include <pthread.h>

#include <tarn/tensor/error.h>
#include <tarn/tensor/log.h>
#include <tarn/tensor/parallel.h>
#include <tarn/tensor/str.h>

namespace tarn {
namespace {

constexpr int kMaxThreads = 1024;

thread_local bool serial = false;

// OpenMP's threads do not exist in a child of fork(): a team there would wait for them forever.
std::atomic<bool> forked{false};
[[maybe_unused]] const int notices_forks =
    pthread_atfork(nullptr, nullptr, [] { forked.store(true, std::memory_order_relaxed); });

int threads_at_start() {
  const int available = std::clamp(omp_get_max_threads(), 1, kMaxThreads);
  const char* text = std::getenv("TARN_NUM_THREADS");
  if (!text) {
    log_at(LogLevel::info, "kernels run on ", available, " threads");
    return available;
  }
  int threads = 0;
  const char* end = text + std::strlen(text);
  const auto [rest, error] = std::from_chars(text, end, threads);
  if (error == std::errc() && rest == end && threads >= 1 && threads <= kMaxThreads) {
    log_at(LogLevel::info, "kernels run on ", threads, " threads: TARN_NUM_THREADS");
    return threads;
  }
  warn_once("TARN_NUM_THREADS",
            str("TARN_NUM_THREADS = \"", text, "\": expected an integer from 1 to ", kMaxThreads,
                "; using ", available));
  return available;
}

std::atomic<int>& threads() {
  static std::atomic<int> count{threads_at_start()};
  return count;
}

// Keeps the exception of the lowest piece, so that which one is reported does not depend on timing.
class FirstException {
 public:
  void set(std::int64_t piece) {
    const std::lock_guard lock(mutex_);
    if (piece < piece_) {
      piece_ = piece;
      exception_ = std::current_exception();
    }
  }
  void rethrow() const {
    if (exception_) std::rethrow_exception(exception_);
  }

 private:
  std::mutex mutex_;
  std::int64_t piece_ = std::numeric_limits<std::int64_t>::max();
  std::exception_ptr exception_;
};

}  // namespace

int get_num_threads() { return threads().load(std::memory_order_relaxed); }

void set_num_threads(int count) {
  if (count < 1 || count > kMaxThreads) {
    throw ValueError(str("set_num_threads: ", count, " threads: expected 1 to ", kMaxThreads));
  }
  threads().store(count, std::memory_order_relaxed);
}

SerialGuard::SerialGuard() : previous_(serial) { serial = true; }

SerialGuard::~SerialGuard() { serial = previous_; }

double handover_time() {
  if (get_num_threads() == 1 || serial || forked.load(std::memory_order_relaxed)) return 0;
  static const double nanoseconds = [] {
    using Clock = std::chrono::steady_clock;
    std::chrono::duration<double, std::nano> shortest(Clock::duration::max());
    // The first rounds make the team; a busy machine interrupts some of the others.
    for (int round = 0; round < 20; ++round) {
      const auto start = Clock::now();
      parallel_for(0, 2, 1, [](std::int64_t, std::int64_t) {});
      shortest = std::min<decltype(shortest)>(shortest, Clock::now() - start);
    }
    return shortest.count();
  }();
  return nanoseconds;
}

void detail::parallel_for(std::int64_t begin, std::int64_t end, std::int64_t grain,
                          void (*body)(void* context, std::int64_t begin, std::int64_t end),
                          void* context) {
  if (begin >= end) return;
  grain = std::max<std::int64_t>(grain, 1);
  const std::int64_t pieces = (end - begin - 1) / grain + 1;
  const auto run = [&](std::int64_t piece) {
    const std::int64_t first = begin + piece * grain;
    body(context, first, std::min(end - first, grain) + first);
  };
  const int team = static_cast<int>(std::min<std::int64_t>(get_num_threads(), pieces));
  if (team == 1 || serial || forked.load(std::memory_order_relaxed)) {
    for (std::int64_t piece = 0; piece < pieces; ++piece) run(piece);
    return;
  }
  FirstException failure;
#pragma omp parallel for schedule(static) num_threads(team)
  for (std::int64_t piece = 0; piece < pieces; ++piece) {
    const SerialGuard nested;
    try {
      run(piece);
    } catch (...) {
      failure.set(piece);
    }
  }
  failure.rethrow();
}

}  // namespace tarn
