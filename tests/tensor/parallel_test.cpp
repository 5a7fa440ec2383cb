#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/tensor/error.h>
#include <tarn/tensor/parallel.h>

#include "expect_error.h"

namespace tarn::testing {
namespace {

// Puts the number of threads back.
class ThreadsGuard {
 public:
  explicit ThreadsGuard(int threads) : previous_(get_num_threads()) { set_num_threads(threads); }
  ~ThreadsGuard() { set_num_threads(previous_); }
  ThreadsGuard(const ThreadsGuard&) = delete;
  ThreadsGuard& operator=(const ThreadsGuard&) = delete;

 private:
  int previous_;
};

TEST(ParallelFor, CoversTheRangeExactlyOnce) {
  for (const int threads : {1, 2, 4, 7}) {
    const ThreadsGuard guard(threads);
    for (const std::int64_t size : {0, 1, 2, 99, 100, 101, 1000}) {
      for (const std::int64_t grain : {1, 7, 100, 5000}) {
        std::vector<std::atomic<int>> seen(static_cast<std::size_t>(size));
        parallel_for(10, 10 + size, grain, [&](std::int64_t first, std::int64_t last) {
          EXPECT_LT(first, last);
          EXPECT_LE(last - first, grain);
          for (std::int64_t i = first; i < last; ++i) ++seen[static_cast<std::size_t>(i - 10)];
        });
        for (const auto& count : seen)
          ASSERT_EQ(count.load(), 1) << size << " in pieces of " << grain;
      }
    }
  }
}

TEST(ParallelFor, CutsTheSamePiecesForAnyNumberOfThreads) {
  const auto pieces = [](int threads) {
    const ThreadsGuard guard(threads);
    std::vector<std::int64_t> ends(1000);
    parallel_for(0, 1000, 33, [&](std::int64_t first, std::int64_t last) {
      ends[static_cast<std::size_t>(first)] = last;
    });
    return ends;
  };
  EXPECT_EQ(pieces(2), pieces(1));
  EXPECT_EQ(pieces(5), pieces(1));
}

TEST(ParallelFor, OfAnEmptyOrReversedRangeDoesNothing) {
  parallel_for(5, 5, 1, [](std::int64_t, std::int64_t) { FAIL(); });
  parallel_for(5, 3, 1, [](std::int64_t, std::int64_t) { FAIL(); });
}

TEST(ParallelFor, TakesANonPositiveGrainAsOne) {
  const ThreadsGuard guard(2);
  std::atomic<int> total{0};
  parallel_for(0, 10, 0, [&](std::int64_t first, std::int64_t last) {
    total += static_cast<int>(last - first);
  });
  parallel_for(0, 10, -5, [&](std::int64_t first, std::int64_t last) {
    total += static_cast<int>(last - first);
  });
  EXPECT_EQ(total.load(), 20);
}

TEST(ParallelFor, ThrowsTheExceptionOfTheFirstPieceThatFailed) {
  for (const int threads : {1, 2, 4}) {
    const ThreadsGuard guard(threads);
    for (int repeat = 0; repeat < 20; ++repeat) {
      try {
        parallel_for(0, 100, 1, [](std::int64_t first, std::int64_t) {
          if (first >= 37) throw ValueError(std::to_string(first));
        });
        FAIL() << "nothing was thrown";
      } catch (const ValueError& error) {
        ASSERT_STREQ(error.what(), "37");
      }
    }
    std::atomic<int> total{0};
    parallel_for(0, 100, 1, [&](std::int64_t, std::int64_t) { ++total; });
    EXPECT_EQ(total.load(), 100) << "the team is usable afterwards";
  }
}

TEST(ParallelFor, NestedCallsRunOnTheirThread) {
  const ThreadsGuard guard(4);
  std::atomic<int> total{0};
  std::atomic<int> strangers{0};
  parallel_for(0, 8, 1, [&](std::int64_t, std::int64_t) {
    const auto self = std::this_thread::get_id();
    parallel_for(0, 100, 3, [&](std::int64_t first, std::int64_t last) {
      total += static_cast<int>(last - first);
      if (std::this_thread::get_id() != self) ++strangers;
    });
  });
  EXPECT_EQ(total.load(), 800);
  EXPECT_EQ(strangers.load(), 0);
}

TEST(ParallelFor, NestedExceptionsArriveToo) {
  const ThreadsGuard guard(2);
  EXPECT_TRUE(fails_with<ValueError>(
      [] {
        parallel_for(0, 4, 1, [](std::int64_t, std::int64_t) {
          parallel_for(0, 4, 1, [](std::int64_t, std::int64_t) { throw ValueError("inner"); });
        });
      },
      "inner"));
}

TEST(ParallelFor, UsesSeveralThreads) {
  const ThreadsGuard guard(2);
  std::atomic<int> inside{0};
  std::atomic<bool> together{false};
  parallel_for(0, 2, 1, [&](std::int64_t, std::int64_t) {
    ++inside;
    while (inside.load() < 2) std::this_thread::yield();
    together = true;
  });
  EXPECT_TRUE(together.load());
}

TEST(ParallelFor, StaysOnTheThreadUnderASerialGuard) {
  const ThreadsGuard guard(4);
  const SerialGuard serial;
  const auto self = std::this_thread::get_id();
  parallel_for(0, 100, 1,
               [&](std::int64_t, std::int64_t) { EXPECT_EQ(std::this_thread::get_id(), self); });
}

TEST(ParallelFor, FromSeveralThreadsAtOnce) {
  const ThreadsGuard guard(2);
  std::atomic<int> total{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        parallel_for(0, 64, 8, [&](std::int64_t first, std::int64_t last) {
          total += static_cast<int>(last - first);
        });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(total.load(), 4 * 50 * 64);
}

TEST(NumThreads, IsAtLeastOneAndChecked) {
  EXPECT_GE(get_num_threads(), 1);
  const ThreadsGuard guard(3);
  EXPECT_EQ(get_num_threads(), 3);
  for (const int bad : {0, -1, 1025}) {
    EXPECT_TRUE(fails_with<ValueError>([&] { set_num_threads(bad); },
                                       "set_num_threads: ", {std::to_string(bad)}));
  }
  EXPECT_EQ(get_num_threads(), 3);
}

}  // namespace
}  // namespace tarn::testing
