#pragma once

#include <cstddef>
#include <cstdint>

namespace tarn {

/// What the memory pool did so far, over all threads.
struct MemoryStats {
  std::uint64_t system_allocations = 0;  ///< blocks fetched from the operating system's allocator
  std::uint64_t bytes_reserved = 0;      ///< bytes held from it now, in use or cached
};

/// Counters of the pool. A training loop in steady state leaves `system_allocations` unchanged.
MemoryStats memory_stats();

/// Returns the calling thread's and the shared cached blocks to the operating system's allocator.
void empty_cache();

namespace pool {

/// Every block starts on a cache line, which is also the widest vector.
inline constexpr std::size_t kAlignment = 64;

/// At least `bytes` bytes, aligned to kAlignment, from a cache of freed blocks where one fits.
/// Throws OutOfMemory; nothing has changed then. Never returns null, not even for 0 bytes.
void* allocate(std::size_t bytes);

/// Gives a block back; `bytes` is what was asked for. Any thread may free what another one
/// allocated.
void deallocate(void* block, std::size_t bytes) noexcept;

}  // namespace pool
}  // namespace tarn
