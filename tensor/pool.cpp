#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <mutex>
#include <new>

#include <unistd.h>

#include <tarn/tensor/error.h>
#include <tarn/tensor/pool.h>
#include <tarn/tensor/str.h>

namespace tarn {
namespace {

// Sanitizers and valgrind see through the system's allocator but not through a cache above it.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif
#else
constexpr bool kSanitized = false;
#endif

bool caching() {
  static const bool enabled = !kSanitized && std::getenv("TARN_NO_POOL") == nullptr;
  return enabled;
}

// Sizes are rounded up to a quarter of a power of two, so that at most a fifth of a block is
// wasted: class c holds blocks of (4 + c % 4) * 2^(c / 4) * 16 bytes. The first few sizes are no
// multiples of the alignment and stay unused.
constexpr int kClasses = 160;

std::size_t rounded_to_alignment(std::size_t bytes) {
  return (std::max<std::size_t>(bytes, 1) + pool::kAlignment - 1) / pool::kAlignment *
         pool::kAlignment;
}

int size_class(std::size_t bytes) {
  if (bytes <= pool::kAlignment) return 0;
  bytes = rounded_to_alignment(bytes);
  const std::size_t units = (bytes - 1) / 16;
  const int shift = std::bit_width(units) - 3;
  return shift * 4 + static_cast<int>(units >> shift) - 4 + 1;
}

constexpr std::size_t class_bytes(int index) {
  return (static_cast<std::size_t>(4 + index % 4) << (index / 4)) * 16;
}

struct FreeBlock {
  FreeBlock* next;
};

// A stack of free blocks of one size.
struct Bin {
  FreeBlock* top = nullptr;
  std::size_t count = 0;

  void push(void* block) {
    top = new (block) FreeBlock{top};
    ++count;
  }
  void* pop() {
    FreeBlock* block = top;
    if (!block) return nullptr;
    top = block->next;
    --count;
    return block;
  }
};

std::atomic<std::uint64_t> system_allocations{0};
std::atomic<std::uint64_t> bytes_reserved{0};

void* system_allocate(std::size_t bytes) {
  static const std::uint64_t physical = static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) *
                                        static_cast<std::uint64_t>(sysconf(_SC_PAGE_SIZE));
  // Linux grants more memory than there is and kills the process on first use: refuse what can
  // never fit.
  void* block = bytes > physical ? nullptr : std::aligned_alloc(pool::kAlignment, bytes);
  if (!block) {
    throw OutOfMemory(str("out of memory: ", bytes, " bytes were asked for, this machine has ",
                          physical, ": use smaller tensors or batches"),
                      bytes);
  }
  system_allocations.fetch_add(1, std::memory_order_relaxed);
  bytes_reserved.fetch_add(bytes, std::memory_order_relaxed);
  return block;
}

void system_free(void* block, std::size_t bytes) noexcept {
  bytes_reserved.fetch_sub(bytes, std::memory_order_relaxed);
  std::free(block);
}

void release(Bin& bin, int index) {
  while (void* block = bin.pop()) system_free(block, class_bytes(index));
}

// Blocks that any thread can take. Lives until the process ends, since tensors in static variables
// are freed late.
struct SharedCache {
  std::mutex mutex;
  Bin bins[kClasses];
};

SharedCache& shared_cache() {
  static SharedCache* cache = new SharedCache;
  return *cache;
}

// What one thread may keep of a size before it hands blocks to the others. A table, since a
// division takes longer than the rest of a deallocation.
constexpr auto kThreadLimits = [] {
  std::array<std::size_t, kClasses> limits{};
  for (int i = 0; i < kClasses; ++i)
    limits[static_cast<std::size_t>(i)] =
        std::max<std::size_t>(4, (std::size_t{1} << 20) / class_bytes(i));
  return limits;
}();

struct ThreadCache {
  Bin bins[kClasses];

  ~ThreadCache() {
    SharedCache& shared = shared_cache();
    const std::lock_guard lock(shared.mutex);
    for (int i = 0; i < kClasses; ++i) {
      while (void* block = bins[i].pop()) shared.bins[i].push(block);
    }
    current = nullptr;
    closed = true;
  }

  // Plain pointers keep their value after the thread's objects are gone, so late frees can tell.
  static thread_local ThreadCache* current;
  static thread_local bool closed;
};

thread_local ThreadCache* ThreadCache::current = nullptr;
thread_local bool ThreadCache::closed = false;

ThreadCache* thread_cache() {
  if (ThreadCache::current || ThreadCache::closed) return ThreadCache::current;
  static thread_local ThreadCache cache;
  ThreadCache::current = &cache;
  return &cache;
}

}  // namespace

namespace pool {

void* allocate(std::size_t bytes) {
  const int index = size_class(bytes);
  if (index >= kClasses) return system_allocate(bytes);  // throws: no machine has that much
  const std::size_t rounded = class_bytes(index);
  if (!caching()) return system_allocate(rounded_to_alignment(bytes));
  if (ThreadCache* cache = thread_cache()) {
    if (void* block = cache->bins[index].pop()) return block;
  }
  SharedCache& shared = shared_cache();
  {
    const std::lock_guard lock(shared.mutex);
    if (void* block = shared.bins[index].pop()) return block;
  }
  return system_allocate(rounded);
}

void deallocate(void* block, std::size_t bytes) noexcept {
  if (!caching()) {
    system_free(block, rounded_to_alignment(bytes));
    return;
  }
  const int index = size_class(bytes);
  ThreadCache* cache = thread_cache();
  if (cache && cache->bins[index].count < kThreadLimits[static_cast<std::size_t>(index)]) {
    cache->bins[index].push(block);
    return;
  }
  SharedCache& shared = shared_cache();
  const std::lock_guard lock(shared.mutex);
  shared.bins[index].push(block);
}

}  // namespace pool

MemoryStats memory_stats() {
  return {system_allocations.load(std::memory_order_relaxed),
          bytes_reserved.load(std::memory_order_relaxed)};
}

void empty_cache() {
  if (ThreadCache* cache = thread_cache()) {
    for (int i = 0; i < kClasses; ++i) release(cache->bins[i], i);
  }
  SharedCache& shared = shared_cache();
  const std::lock_guard lock(shared.mutex);
  for (int i = 0; i < kClasses; ++i) release(shared.bins[i], i);
}

}  // namespace tarn
