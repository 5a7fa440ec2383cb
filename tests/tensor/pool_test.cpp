#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/pool.h>

#include "expect_error.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kCaching = false;  // sanitizers see every block's own life
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kCaching = false;
#else
constexpr bool kCaching = true;
#endif
#else
constexpr bool kCaching = true;
#endif

namespace tarn::testing {
namespace {

TEST(Pool, GivesAlignedBlocksOfEverySize) {
  for (std::size_t bytes = 0; bytes < 5000; bytes += 7) {
    void* const block = pool::allocate(bytes);
    ASSERT_NE(block, nullptr);
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(block) % pool::kAlignment, 0U) << bytes;
    std::memset(block, 1, bytes);
    pool::deallocate(block, bytes);
  }
  for (std::size_t bytes = 4096; bytes < (std::size_t{1} << 26); bytes = bytes * 5 / 4 + 1) {
    void* const block = pool::allocate(bytes);
    std::memset(block, 1, bytes);
    pool::deallocate(block, bytes);
  }
}

TEST(Pool, BlocksInUseDoNotOverlap) {
  std::vector<std::pair<unsigned char*, std::size_t>> blocks;
  for (std::size_t i = 0; i < 2000; ++i) {
    const std::size_t bytes = (i * 37) % 3000 + 1;
    auto* const block = static_cast<unsigned char*>(pool::allocate(bytes));
    std::memset(block, static_cast<int>(i % 251), bytes);
    blocks.emplace_back(block, bytes);
    if (i % 3 == 0) {
      pool::deallocate(blocks[i / 3].first, blocks[i / 3].second);
      blocks[i / 3].first = nullptr;
    }
  }
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const auto [block, bytes] = blocks[i];
    if (!block) continue;
    for (std::size_t k = 0; k < bytes; ++k) ASSERT_EQ(block[k], i % 251) << "block " << i;
    pool::deallocate(block, bytes);
  }
}

TEST(Pool, ReusesBlocksInsteadOfGrowing) {
  if (!kCaching) GTEST_SKIP() << "the cache is off under sanitizers";
  const auto work = [] {
    for (std::int64_t n = 1; n < 200'000; n = n * 3 / 2 + 1) {
      const Tensor a = zeros({n});
      const Tensor b = ones({n}, {.dtype = kFloat64});
    }
  };
  work();
  const MemoryStats before = memory_stats();
  for (int i = 0; i < 200; ++i) work();
  EXPECT_EQ(memory_stats().system_allocations, before.system_allocations);
  EXPECT_EQ(memory_stats().bytes_reserved, before.bytes_reserved);
}

TEST(Pool, WastesAtMostAFifth) {
  if (!kCaching) GTEST_SKIP() << "the cache is off under sanitizers";
  for (std::size_t bytes = 1000; bytes < 10'000'000; bytes = bytes * 17 / 16 + 3) {
    empty_cache();
    const std::uint64_t before = memory_stats().bytes_reserved;
    void* const block = pool::allocate(bytes);
    const std::uint64_t reserved = memory_stats().bytes_reserved - before;
    EXPECT_GE(reserved, bytes);
    EXPECT_LE(static_cast<double>(reserved), static_cast<double>(bytes) * 1.25 + 64);
    pool::deallocate(block, bytes);
  }
}

TEST(Pool, EmptyCacheGivesEverythingBack) {
  empty_cache();
  const std::uint64_t before = memory_stats().bytes_reserved;
  { const Tensor x = zeros({1'000'000}); }
  empty_cache();
  EXPECT_EQ(memory_stats().bytes_reserved, before);
}

TEST(Pool, DoesNotGrowWhenOneThreadAllocatesAndAnotherFrees) {
  // A loader's worker makes batches, the training thread drops them.
  const auto round = [] {
    std::vector<Tensor> batches;
    std::thread([&] {
      for (int i = 0; i < 50; ++i) batches.push_back(zeros({64, 100}));
    }).join();
    batches.clear();
  };
  for (int i = 0; i < 120; ++i) round();  // until this thread keeps as many small blocks as it may
  const std::uint64_t before = memory_stats().bytes_reserved;
  for (int i = 0; i < 60; ++i) round();
  EXPECT_LE(memory_stats().bytes_reserved, before);
}

TEST(Pool, ServesManyThreadsAtOnce) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 2000; ++i) {
        const std::int64_t n = (i * 13 + t * 7) % 500 + 1;
        const Tensor x = full({n}, t);
        ASSERT_EQ(x.data_ptr<float>()[0], static_cast<float>(t));
        ASSERT_EQ(x.data_ptr<float>()[n - 1], static_cast<float>(t));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(Pool, RefusesWhatCannotFitWithoutSideEffects) {
  const MemoryStats before = memory_stats();
  for (const std::size_t bytes : {std::size_t{1} << 50, ~std::size_t{0}, ~std::size_t{0} / 2}) {
    EXPECT_TRUE(fails_with<OutOfMemory>([&] { pool::deallocate(pool::allocate(bytes), bytes); },
                                        "out of memory: "));
  }
  EXPECT_EQ(memory_stats().bytes_reserved, before.bytes_reserved);
  EXPECT_EQ(memory_stats().system_allocations, before.system_allocations);
}

}  // namespace
}  // namespace tarn::testing
