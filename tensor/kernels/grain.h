#pragma once

#include <cstdint>

namespace tarn::kernels {

/// Elements below which another thread costs more than it saves (measured: a parallel region is
/// about 1 us).
inline constexpr std::int64_t kGrain = 16384;

/// Multiply-adds of which the same holds.
inline constexpr std::int64_t kSerialWork = 400'000;

}  // namespace tarn::kernels
