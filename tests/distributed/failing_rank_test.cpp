#include <filesystem>

#include <gtest/gtest.h>

#include "mpirun.h"

namespace {

// The job of three ranks in which rank `rank` fails has ended, not by mpirun's time limit.
Outcome run_failing(const std::string& way, int rank) {
  const auto self = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  const Outcome outcome = mpirun(3, self / "failing_rank", {way, std::to_string(rank)}, "/tmp");
  EXPECT_NE(outcome.exit_code, 0);
  EXPECT_NE(outcome.exit_code, kHung) << "the job hung";
  EXPECT_EQ(outcome.out.find("done"), std::string::npos);
  return outcome;
}

bool has(const Outcome& outcome, const std::string& text) {
  return outcome.err.find(text) != std::string::npos;
}

#define EXPECT_TELLS(outcome, text) \
  EXPECT_TRUE(has(outcome, text)) << "expected \"" << (text) << "\" in:\n" << (outcome).err

TEST(FailingRank, WithoutAFailureAllRanksEnd) {
  SKIP_WITHOUT_MPI();
  const auto self = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  const Outcome outcome = mpirun(3, self / "failing_rank", {"throws", "7"}, "/tmp");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  std::size_t lines = 0;
  for (const char c : outcome.out) lines += c == '\n';
  EXPECT_EQ(lines, 3U) << outcome.out;
}

TEST(FailingRank, AnExceptionNamesItsRank) {
  SKIP_WITHOUT_MPI();
  for (const int rank : {0, 2}) {
    EXPECT_TELLS(run_failing("throws", rank),
                 "[rank " + std::to_string(rank) + " of 3] this rank fails on purpose");
  }
}

TEST(FailingRank, AnExitCodeEndsTheJobWithIt) {
  SKIP_WITHOUT_MPI();
  const Outcome outcome = run_failing("exits", 1);
  EXPECT_TELLS(outcome, "[rank 1 of 3] ends with exit code 3");
  EXPECT_EQ(outcome.exit_code, 3);
}

TEST(FailingRank, AnEndBeforeTheOthersIsNoticedByThem) {
  SKIP_WITHOUT_MPI();
  EXPECT_TELLS(run_failing("ends", 1), ": rank 1 has ended its program");
}

TEST(FailingRank, ADeathIsReportedByMpirun) {
  SKIP_WITHOUT_MPI();
  EXPECT_TELLS(run_failing("is_killed", 2), "rank 2");
  EXPECT_TELLS(run_failing("crashes", 0), "rank 0");
  EXPECT_TELLS(run_failing("vanishes", 1), "rank 1");
}

TEST(FailingRank, AStoppedRankIsNamedAfterTheTimeLimit) {
  SKIP_WITHOUT_MPI();
  EXPECT_TELLS(run_failing("stops", 1),
               "rank 1 does not answer when the ranks had waited 2 s for one another");
}

TEST(FailingRank, ARankThatMakesOtherCallsIsAnError) {
  SKIP_WITHOUT_MPI();
  const Outcome outcome = run_failing("goes_another_way", 1);
  EXPECT_TELLS(outcome, "expected all ranks to make the same calls");
}

}  // namespace
