#pragma once

#include <algorithm>
#include <cstdint>

#include <tarn/tensor/parallel.h>

namespace tarn::kernels {

/// Elements below which another thread costs more than it saves (measured: a parallel region is
/// about 1 us).
inline constexpr std::int64_t kGrain = 16384;

/// Multiply-adds below which another thread costs more than it saves, wherever it runs.
inline constexpr std::int64_t kSerialWork = 400'000;

/// The same where the threads of this machine run. A product's operands have to travel as well, so
/// that it takes some times the work of a handover to pay for one.
inline std::int64_t serial_work() {
  constexpr double work_per_nanosecond = 700;
  return std::clamp(static_cast<std::int64_t>(work_per_nanosecond * handover_time()), kSerialWork,
                    8 * kSerialWork);
}

/// Of `shares` of a product that takes `work` multiply-adds in all, so many make a piece for
/// parallel_for(): one piece for each thread, or a single one when another thread does not pay.
inline std::int64_t shares_per_thread(std::int64_t shares, std::int64_t work) {
  const std::int64_t threads = work < serial_work() ? 1 : get_num_threads();
  return (shares + threads - 1) / threads;
}

}  // namespace tarn::kernels
