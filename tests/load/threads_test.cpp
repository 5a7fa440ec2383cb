#include <functional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <omp.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../tensor/closeness.h"
#include "training.h"

// What threads must not change: whole runs end with the same bits whoever else is running.
namespace tarn::testing {
namespace {

using Learnt = std::vector<Tensor>;

void expect_same(const Learnt& actual, const Learnt& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i)
    ASSERT_TRUE(same_bits(actual[i], expected[i])) << "result " << i;
}

// The runs alone, one after the other.
struct Alone {
  Learnt mlp = train<Mlp>(1);
  Learnt other_mlp = train<Mlp>(2);
  Learnt cnn = train<Cnn>(3);
};

const Alone& alone() {
  static const Alone runs = [] {
    const int before = get_num_threads();
    set_num_threads(1);
    Alone all;
    set_num_threads(before);
    return all;
  }();
  return runs;
}

TEST(Threads, OfAnyNumberTrainTheSameModels) {
  const int before = get_num_threads();
  for (const int threads : {2, 3, 5, 16}) {
    SCOPED_TRACE(threads);
    set_num_threads(threads);
    expect_same(train<Mlp>(1), alone().mlp);
    expect_same(train<Cnn>(3), alone().cnn);
  }
  set_num_threads(before);
  EXPECT_FALSE(same_bits(alone().mlp.back(), alone().other_mlp.back())) << "bits tell runs apart";
}

TEST(Threads, TrainAModelEach) {
  const Alone& expected = alone();
  Learnt mlp;
  Learnt other_mlp;
  Learnt cnn;
  std::thread first([&] { mlp = train<Mlp>(1); });
  std::thread second([&] { other_mlp = train<Mlp>(2); });
  cnn = train<Cnn>(3);
  first.join();
  second.join();
  expect_same(mlp, expected.mlp);
  expect_same(other_mlp, expected.other_mlp);
  expect_same(cnn, expected.cnn);
}

// Also where OpenMP would give the inner regions teams of their own.
TEST(Threads, OfTheUsersOwnOpenMpTrainAModelEach) {
  const Alone& expected = alone();
  for (const int levels : {1, 3}) {
    omp_set_max_active_levels(levels);
    Learnt mlp;
    Learnt cnn;
#pragma omp parallel sections num_threads(2)
    {
#pragma omp section
      mlp = train<Mlp>(1);
#pragma omp section
      cnn = train<Cnn>(3);
    }
    expect_same(mlp, expected.mlp);
    expect_same(cnn, expected.cnn);
  }
  omp_set_max_active_levels(1);
}

// Its OpenMP threads stay behind.
TEST(Threads, AreNotWaitedForInAForkedProcess) {
  const int before = get_num_threads();
  set_num_threads(4);
  expect_same(train<Mlp>(1), alone().mlp);  // the team exists
  const pid_t child = fork();
  ASSERT_NE(child, -1);
  if (child == 0) {
    const Learnt mlp = train<Mlp>(1);
    bool same = mlp.size() == alone().mlp.size();
    for (std::size_t i = 0; same && i < mlp.size(); ++i)
      same = static_cast<bool>(same_bits(mlp[i], alone().mlp[i]));
    _exit(same ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  set_num_threads(before);
}

}  // namespace
}  // namespace tarn::testing
