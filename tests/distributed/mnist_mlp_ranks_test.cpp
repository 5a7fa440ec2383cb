#include <csignal>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "../data/temp_folder.h"
#include "mpirun.h"

namespace {

using Arguments = std::vector<std::string>;

Arguments operator+(Arguments a, const Arguments& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

const Arguments kRun = {"--data",      std::string(TARN_SOURCE_DIR) + "/data/mnist-sample",
                        "--epochs",    "2",
                        "--lr",        "0.05",
                        "--widths",    "16",
                        "--log-every", "1",
                        "--mistakes",  ""};

Outcome run_ranks(int ranks, const Arguments& arguments, const TempFolder& folder,
                  RunOptions options = {}) {
  return mpirun(ranks, example_path("mnist_mlp"), kRun + arguments, folder.path(),
                std::move(options));
}

std::string weights(const Outcome& outcome) {
  const std::size_t place = outcome.out.rfind("weights");
  if (place == std::string::npos) return "none: " + outcome.out + outcome.err;
  return outcome.out.substr(place, 25);
}

// The processes that mpirun has started, by rank; -1: it is not there.
pid_t process_of(pid_t mpirun, int rank) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream stat(entry.path() / "stat");
    std::string pid;
    std::string program;
    std::string state;
    std::string parent;
    stat >> pid >> program >> state >> parent;
    if (parent != std::to_string(mpirun)) continue;
    std::ifstream file(entry.path() / "environ", std::ios::binary);
    const std::string environment{std::istreambuf_iterator<char>(file), {}};
    const std::string variable =
        "OMPI_COMM_WORLD_RANK=" + std::to_string(rank) + std::string(1, '\0');
    if (environment.find(variable) != std::string::npos) return std::stoi(name);
  }
  return -1;
}

// Sends `signal` to a rank once the program has printed `text`.
RunOptions signal_at(const std::string& text, int rank, int signal) {
  RunOptions options;
  options.watch = [=, sent = false](pid_t mpirun, const std::string& out) mutable {
    if (sent || out.find(text) == std::string::npos) return;
    const pid_t process = process_of(mpirun, rank);
    if (process > 0) kill(process, signal);
    sent = true;
  };
  return options;
}

TEST(MnistMlpOnRanks, HasTheBitsOfOneProcessThatTakesThePartsInTurn) {
  SKIP_WITHOUT_MPI();
  const TempFolder folder;
  const Outcome one = run_example(
      "mnist_mlp", kRun + Arguments{"--batch-size", "64", "--micro-batch", "16"}, folder.path());
  const Outcome four = run_ranks(4, {"--batch-size", "16"}, folder);
  EXPECT_EQ(weights(four), weights(one));
  // And so have the losses and accuracies of the epochs, and the confusion matrix.
  for (const char* epoch : {"  1/2 ", "  2/2 "}) {
    const auto row = [&](const Outcome& outcome) {
      const std::size_t place = outcome.out.find(epoch);
      return place == std::string::npos ? outcome.out : outcome.out.substr(place, 62);
    };
    EXPECT_EQ(row(four), row(one));
  }
  const auto matrix = [](const Outcome& outcome) {
    const std::size_t place = outcome.out.find("confusion matrix");
    return place == std::string::npos ? outcome.out : outcome.out.substr(place);
  };
  EXPECT_EQ(matrix(four), matrix(one));
}

TEST(MnistMlpOnRanks, HasTheSameBitsInEveryRun) {
  SKIP_WITHOUT_MPI();
  const TempFolder folder;
  const Arguments options = {"--batch-size", "50", "--scale-lr", "linear", "--momentum", "0.9"};
  const Outcome first = run_ranks(3, options, folder);
  EXPECT_EQ(first.exit_code, 0) << first.err;
  EXPECT_EQ(weights(run_ranks(3, options, folder)), weights(first));
  EXPECT_NE(first.out.find("batch size 3 x 50"), std::string::npos) << first.out;
  EXPECT_NE(first.out.find("rank 2 of 3 on "), std::string::npos);
  // The first epoch warms up: it has the rate of one rank.
  EXPECT_NE(first.out.find("  1/2   0.0500 "), std::string::npos) << first.out;
  EXPECT_NE(first.out.find("  2/2   0.1500 "), std::string::npos) << first.out;
}

// Ranks are killed at various places, also in the middle of saving: the job ends, says who died,
// and goes on from the last checkpoint with the bits of a run that was never disturbed.
TEST(MnistMlpOnRanks, GoesOnAfterTheDeathOfARank) {
  SKIP_WITHOUT_MPI();
  const Arguments options = {"--batch-size", "40", "--checkpoint-every", "2"};
  const TempFolder undisturbed;
  const std::string expected =
      weights(run_ranks(3, options + Arguments{"--checkpoint", "run"}, undisturbed));
  const std::pair<int, const char*> deaths[] = {
      {0, "update 5/17"}, {1, "update 1/17"}, {2, "update 17/17"}, {1, "  1/2 "}};
  for (const auto& [rank, text] : deaths) {
    const TempFolder folder;
    const Arguments run = options + Arguments{"--checkpoint", "run"};
    const Outcome killed = run_ranks(3, run, folder, signal_at(text, rank, SIGKILL));
    EXPECT_NE(killed.exit_code, 0);
    EXPECT_NE(killed.exit_code, kHung);
    EXPECT_NE(killed.err.find("process rank " + std::to_string(rank) + " "), std::string::npos)
        << killed.err;
    const Outcome resumed = run_ranks(3, run + Arguments{"--resume"}, folder);
    EXPECT_NE(resumed.out.find("resumed from run"), std::string::npos);
    EXPECT_EQ(weights(resumed), expected) << "rank " << rank << " was killed at " << text;
  }
}

TEST(MnistMlpOnRanks, OtherNumbersOfRanksGoOnFromACheckpoint) {
  SKIP_WITHOUT_MPI();
  const TempFolder folder;
  const Arguments run = {"--batch-size", "40", "--checkpoint", "run", "--checkpoint-every", "4"};
  const Outcome killed = run_ranks(3, run, folder, signal_at("update 9/17", 1, SIGKILL));
  EXPECT_NE(killed.exit_code, 0);
  const Outcome two =
      run_ranks(2, run + Arguments{"--resume"}, folder, signal_at("update 20/25", 0, SIGTERM));
  EXPECT_NE(two.out.find("resumed from run"), std::string::npos) << two.out << two.err;
  EXPECT_NE(two.out.find("stopped by SIGTERM"), std::string::npos) << two.out << two.err;
  const Outcome one = run_example("mnist_mlp", kRun + run + Arguments{"--resume"}, folder.path());
  EXPECT_EQ(one.exit_code, 0) << one.err;
  EXPECT_NE(one.out.find("  2/2 "), std::string::npos) << one.out;
}

TEST(MnistMlpOnRanks, ASignalToOneRankStopsAllAfterTheSameUpdate) {
  SKIP_WITHOUT_MPI();
  const Arguments run = {"--batch-size", "40", "--checkpoint", "run"};
  const TempFolder undisturbed;
  const std::string expected = weights(run_ranks(3, run, undisturbed));
  const TempFolder folder;
  const Outcome stopped = run_ranks(3, run, folder, signal_at("update 6/17", 2, SIGTERM));
  EXPECT_EQ(stopped.exit_code, 128 + SIGTERM) << stopped.err;
  EXPECT_NE(stopped.out.find("stopped by SIGTERM in epoch"), std::string::npos) << stopped.out;
  const Outcome resumed = run_ranks(3, run + Arguments{"--resume"}, folder);
  EXPECT_EQ(weights(resumed), expected) << resumed.out << resumed.err;
}

}  // namespace
