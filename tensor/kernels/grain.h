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

}  // namespace tarn::kernels
