#pragma once

#include <cstdint>
#include <type_traits>

namespace tarn {

/// Threads that parallel kernels use: TARN_NUM_THREADS, else OMP_NUM_THREADS, else the number of
/// processors available. Results never depend on it.
int get_num_threads();
/// Throws ValueError unless 1 <= threads <= 1024.
void set_num_threads(int threads);

/// Keeps the calling thread's kernels on that thread: loader workers must not compete with the
/// training step's team.
class SerialGuard {
 public:
  SerialGuard();
  ~SerialGuard();
  SerialGuard(const SerialGuard&) = delete;
  SerialGuard& operator=(const SerialGuard&) = delete;

 private:
  bool previous_;
};

/// Nanoseconds that handing work to another thread and waiting for it takes on this machine: about
/// 600 between cores that share a cache, 3,000 between others. Measured when first asked for; 0
/// while kernels stay on the calling thread.
double handover_time();

namespace detail {
void parallel_for(std::int64_t begin, std::int64_t end, std::int64_t grain,
                  void (*body)(void* context, std::int64_t begin, std::int64_t end), void* context);
}

/// Calls f(first, last) for pieces that cover [begin, end), each of `grain` indices or fewer, on
/// several threads when there is more than one piece. The pieces do not depend on the number of
/// threads. The first exception that f throws is thrown again here after all threads have stopped.
/// Nested calls run serially.
template <class F>
void parallel_for(std::int64_t begin, std::int64_t end, std::int64_t grain, F&& f) {
  if (begin < end && end - begin <= grain) return void(f(begin, end));
  using Body = std::remove_reference_t<F>;
  detail::parallel_for(
      begin, end, grain,
      [](void* context, std::int64_t first, std::int64_t last) {
        (*static_cast<Body*>(context))(first, last);
      },
      const_cast<void*>(static_cast<const void*>(&f)));
}

}  // namespace tarn
