#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <thread>
#include <tuple>
#include <utility>

#include <gtest/gtest.h>

#include "program.h"

namespace {

class MnistMlp : public testing::Test {
 protected:
  MnistMlp() : folder_(testing::TempDir() + "mnist_mlp_" + std::to_string(getpid())) {
    std::filesystem::create_directories(folder_);
  }
  ~MnistMlp() override { std::filesystem::remove_all(folder_); }

  Outcome run(const std::vector<std::string>& arguments, const RunOptions& options = {}) const {
    return run_example("mnist_mlp", arguments, folder_, options);
  }

  /// One epoch on the sample of MNIST, unless `flags` say otherwise.
  Outcome train(const std::vector<std::string>& flags, const RunOptions& options = {}) const {
    std::vector<std::string> arguments{"--data", TARN_SOURCE_DIR "/data/mnist-sample", "--epochs",
                                       "1"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    return run(arguments, options);
  }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }

 private:
  std::string folder_;
};

/// The first group of `pattern`, which must match somewhere in `text`.
std::string find(const std::string& text, const std::string& pattern) {
  std::smatch match;
  EXPECT_TRUE(std::regex_search(text, match, std::regex(pattern))) << pattern << " in:\n" << text;
  return match.empty() ? "" : match[1].str();
}

std::string weights(const Outcome& outcome) { return find(outcome.out, "weights +([0-9a-f]{16})"); }

double test_loss(const Outcome& outcome) {
  return std::stod(find(outcome.out, "\nloss +[0-9.]+ +([0-9.]+)\n"));
}

double test_accuracy(const Outcome& outcome) {
  return std::stod(find(outcome.out, "\naccuracy +[0-9.]+% +([0-9.]+)%\n"));
}

bool has_control_characters(const std::string& text) {
  return std::any_of(text.begin(), text.end(),
                     [](unsigned char c) { return (c < 32 && c != '\n') || c == 127; });
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

TEST_F(MnistMlp, RefusesBadFlagsInOneLineWithExitCode2) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"--batch-size", "0"}, "--batch-size: 0: expected a whole number from 1"},
      {{"--epochs", "-1"}, "--epochs: -1: expected a whole number from 1"},
      {{"--epochs", "2.5"}, "--epochs: 2.5: expected a whole number"},
      {{"--batch-size", "99999999999999999999"},
       "--batch-size: 99999999999999999999: expected a whole number"},
      {{"--lr", "nan"}, "--lr: nan: expected a number > 0"},
      {{"--lr", "0.1x"}, "--lr: 0.1x: expected a number > 0"},
      {{"--momentum", "-0.5"}, "--momentum: -0.5: expected a number >= 0"},
      {{"--clip-norm", "-1"}, "--clip-norm: -1: expected a number >= 0"},
      {{"--widths", "64,0"}, "--widths: 0: expected a whole number from 1"},
      {{"--schedule", "linear"},
       "--schedule: linear: expected one of constant, sqrt, inverse, step, cosine"},
      {{"--loss-reduction", "none"}, "--loss-reduction: none: expected one of mean, sum"},
      {{"--micro-batch", "64"}, "--micro-batch: 64: expected at most --batch-size, which is 32"},
      {{"--threads", "-2"}, "--threads: -2: expected a whole number from 0"},
      {{"--wings"}, "not expected: --wings"},
      {{"--resume"}, "--resume: expected --checkpoint DIR too"},
      {{"--checkpoint-every", "5"}, "--checkpoint-every: expected --checkpoint DIR too"},
      {{"--data", "nowhere"}, "--data data/mnist-sample takes the sample"},
      {{"--mistakes", "nowhere/mistakes.png"},
       "nowhere/mistakes.png: cannot write: No such file or directory"},
  };
  for (const auto& [flags, message] : cases) {
    const Outcome outcome = run(flags);
    EXPECT_EQ(outcome.exit_code, 2) << flags[0];
    EXPECT_EQ(outcome.out, "") << flags[0];
    EXPECT_TRUE(outcome.err.starts_with("mnist_mlp: ")) << outcome.err;
    EXPECT_NE(outcome.err.find(message), std::string::npos) << outcome.err;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  }
}

TEST_F(MnistMlp, ExplainsItsFlags) {
  const Outcome outcome = run({"--help"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.err, "");
  for (const char* flag :
       {"--dataset",     "--data",        "--augment",        "--widths",     "--epochs",
        "--batch-size",  "--micro-batch", "--loss-reduction", "--lr",         "--momentum",
        "--schedule",    "--clip-norm",   "--clip-value",     "--seed",       "--threads",
        "--num-workers", "--log-every",   "--mistakes",       "--checkpoint", "--checkpoint-every",
        "--resume"}) {
    EXPECT_NE(outcome.out.find(flag), std::string::npos) << flag;
  }
}

TEST_F(MnistMlp, LearnsTheSample) {
  const Outcome outcome = train({"--epochs", "10"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_GT(test_accuracy(outcome), 85);
  EXPECT_LT(test_loss(outcome), 0.5);
}

TEST_F(MnistMlp, GivesTheSameWeightsForAnyNumberOfThreadsAndWorkers) {
  const std::string expected = weights(train({"--threads", "1"}));
  EXPECT_EQ(weights(train({"--threads", "2"})), expected);
  EXPECT_EQ(weights(train({"--threads", "16", "--num-workers", "2"})), expected);
  EXPECT_EQ(weights(train({}, {.environment = {"OMP_NUM_THREADS=5"}})), expected);
  EXPECT_EQ(weights(train({}, {.environment = {"TARN_NUM_THREADS=3"}})), expected);
  EXPECT_NE(weights(train({"--threads", "1", "--seed", "1"})), expected)
      << "the hash does not tell runs apart";
}

// 100 = 3 x 32 + 4: with equal weights for the parts, the last 4 examples of a batch would count
// eightfold.
TEST_F(MnistMlp, AugmentsImagesAlikeForAnyNumberOfThreadsAndWorkers) {
  const std::string plain = weights(train({}));
  for (const char* augment : {"flip", "affine", "elastic"}) {
    const std::string expected = weights(train({"--augment", augment, "--threads", "1"}));
    EXPECT_NE(expected, plain);
    EXPECT_EQ(weights(train({"--augment", augment, "--threads", "2", "--num-workers", "3"})),
              expected);
  }
}

TEST_F(MnistMlp, SaysWhereFashionMnistIsMissing) {
  if (std::filesystem::exists("/usr/share/datasets/fashion-mnist"))
    GTEST_SKIP() << "Debian's package dataset-fashion-mnist is installed";
  const Outcome outcome = run({"--dataset", "fashion-mnist"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.err.find("dataset-fashion-mnist"), std::string::npos);
}

TEST_F(MnistMlp, WeighsTheExamplesOfAShortMicroBatchLikeAllOthers) {
  const Outcome whole = train({"--batch-size", "100"});
  const Outcome parts = train({"--batch-size", "100", "--micro-batch", "32"});
  EXPECT_NEAR(test_loss(parts), test_loss(whole), 1.5e-4);
}

TEST_F(MnistMlp, TrainsOnSumsAsOnMeansWhenTheRateIsDivided) {
  const Outcome mean = train({"--batch-size", "40", "--lr", "0.2"});
  const Outcome sum = train({"--batch-size", "40", "--lr", "0.005", "--loss-reduction", "sum"});
  EXPECT_NEAR(test_loss(sum), test_loss(mean), 1.5e-4);
}

TEST_F(MnistMlp, ClipsTheGradient) {
  const std::string free = weights(train({}));
  EXPECT_EQ(weights(train({"--clip-norm", "1e9", "--clip-value", "1e9"})), free);
  EXPECT_NE(weights(train({"--clip-norm", "0.1"})), free);
  EXPECT_NE(weights(train({"--clip-value", "0.001"})), free);
}

TEST_F(MnistMlp, FollowsTheSchedule) {
  const Outcome step =
      train({"--epochs", "3", "--lr", "0.1", "--schedule", "step", "--step-size", "2"});
  EXPECT_EQ(find(step.out, "2/3 +([0-9.]+)"), "0.1000");
  EXPECT_EQ(find(step.out, "3/3 +([0-9.]+)"), "0.0500");
}

TEST_F(MnistMlp, StopsWhenTheLossIsNoLongerFinite) {
  const Outcome outcome = train({"--lr", "1e30"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_NE(outcome.err.find("loss is no longer finite in epoch 1: lower --lr"), std::string::npos)
      << outcome.err;
}

TEST_F(MnistMlp, StopsAtASignalAndIsResumedAsIfItHadNotStopped) {
  const std::vector<std::string> flags{"--epochs", "3",    "--augment", "affine",      "--momentum",
                                       "0.9",      "--lr", "0.02",      "--log-every", "1"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.end(), flags.begin(), flags.end());
    return more;
  };
  const std::string expected = weights(train(with({"--checkpoint", path("whole")})));
  const std::vector<std::tuple<int, const char*, const char*>> stops = {
      {SIGINT, "epoch 1/3  update 7/", "SIGINT"},
      {SIGTERM, "epoch 1/3  update 63/63", "SIGTERM"},
      {SIGTERM, "epoch 2/3  update 30/", "SIGTERM"}};
  for (const auto& [signal, line, name] : stops) {
    const auto send = [&signal = signal, &line = line, sent = false](
                          pid_t program, const std::string& out) mutable {
      if (sent || out.find(line) == std::string::npos) return;
      sent = true;
      kill(program, signal);
    };
    const Outcome outcome =
        train(with({"--checkpoint", path("parts"), "--resume"}), {.watch = send});
    EXPECT_EQ(outcome.exit_code, 128 + signal);
    EXPECT_NE(outcome.out.find(std::string("stopped by ") + name + " in epoch "), std::string::npos)
        << outcome.out;
  }
  const Outcome rest =
      train(with({"--checkpoint", path("parts"), "--resume", "--num-workers", "2"}));
  EXPECT_NE(rest.out.find("resumed from "), std::string::npos);
  EXPECT_EQ(weights(rest), expected);
  const std::string metrics = read_file(path("whole/metrics.csv"));
  EXPECT_EQ(std::count(metrics.begin(), metrics.end(), '\n'), 4);
  EXPECT_EQ(read_file(path("parts/metrics.csv")), metrics);
}

// What comes behind a name in /proc/<pid>/status.
std::string status(pid_t program, const std::string& name) {
  std::ifstream file("/proc/" + std::to_string(program) + "/status");
  for (std::string word; file >> word;) {
    if (word == name && file >> word) return word;
  }
  return "";
}

bool catches(pid_t program, int signal) {
  return (std::stoull("0" + status(program, "SigCgt:"), nullptr, 16) >> (signal - 1) & 1) != 0;
}

// While nobody reads what the program writes, it can neither finish its step nor say that it has:
// it waits with a full pipe when the signals come.
TEST_F(MnistMlp, EndsAtOnceAtASecondSignal) {
  for (const int second : {SIGTERM, SIGINT}) {
    const auto send_two = [&, sent = false](pid_t program, const std::string&) mutable {
      if (std::exchange(sent, true)) return;
      const auto a_moment = std::chrono::milliseconds(5);
      for (int asleep = 0; asleep < 20; asleep = status(program, "State:") == "S" ? asleep + 1 : 0)
        std::this_thread::sleep_for(a_moment);
      EXPECT_TRUE(catches(program, SIGTERM));
      kill(program, SIGTERM);
      while (catches(program, SIGTERM)) std::this_thread::sleep_for(a_moment);
      kill(program, second);
    };
    const Outcome outcome =
        train({"--checkpoint", path("two" + std::to_string(second)), "--batch-size", "1",
               "--epochs", "9", "--widths", "1", "--log-every", "1", "--threads", "1"},
              {.watch = send_two});
    EXPECT_EQ(outcome.exit_code, 128 + second);
    EXPECT_EQ(outcome.out.find("stopped by"), std::string::npos) << "it has saved and said so";
  }
}

TEST_F(MnistMlp, ShowsTheResultsOfARunThatHadEndedAgain) {
  const Outcome first = train({"--checkpoint", path("run")});
  const Outcome again = train({"--checkpoint", path("run"), "--resume"});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(weights(again), weights(first));
  EXPECT_EQ(test_loss(again), test_loss(first));
}

TEST_F(MnistMlp, TakesNoOtherRunForItsOwn) {
  EXPECT_EQ(train({"--checkpoint", path("run")}).exit_code, 0);
  const auto refusal = [&](std::vector<std::string> flags) {
    flags.insert(flags.begin(), {"--checkpoint", path("run")});
    const Outcome outcome = train(flags);
    EXPECT_EQ(outcome.exit_code, 1);
    return outcome.err;
  };
  EXPECT_NE(refusal({}).find("a run was saved there: --resume continues it"), std::string::npos);
  EXPECT_NE(refusal({"--resume", "--lr", "0.1", "--seed", "4"})
                .find("--resume: --lr was 0.2, is 0.1, --seed was 0, is 4: expected the settings"),
            std::string::npos);
  EXPECT_NE(refusal({"--resume", "--widths", "64"}).find("file [128, 784], model [64, 784]"),
            std::string::npos);
}

TEST_F(MnistMlp, WritesTheWorstMistakesAsPng) {
  const Outcome outcome = train({});
  EXPECT_NE(outcome.out.find("mistakes.png: the 64 worst of "), std::string::npos) << outcome.out;
  const std::string file = read_file(path("mistakes.png"));
  EXPECT_EQ(file.substr(0, 8), "\x89PNG\r\n\x1a\n");
  EXPECT_EQ(file.substr(file.size() - 8, 4), "IEND");
}

TEST_F(MnistMlp, WritesNoPngForAnEmptyName) {
  EXPECT_EQ(train({"--mistakes", ""}).exit_code, 0);
  EXPECT_FALSE(std::filesystem::exists(path("mistakes.png")));
}

TEST_F(MnistMlp, WritesPlainLinesWhereThereIsNoTerminal) {
  EXPECT_FALSE(has_control_characters(train({"--log-every", "20"}).out));
}

TEST_F(MnistMlp, TrainsToTheEndWhenTheReaderOfItsOutputLeaves) {
  const Outcome outcome = train({}, {.close_output = true});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.err, "mnist_mlp: cannot write to standard output\n");
  EXPECT_TRUE(std::filesystem::exists(path("mistakes.png")));
}

TEST_F(MnistMlp, DrawsAProgressBarOnATerminal) {
  const Outcome outcome = train({}, {.columns = 100});
  EXPECT_TRUE(
      std::regex_search(outcome.out, std::regex("\r1/1 \\[.*\\] \\d+%  ETA \\d+:\\d\\d  loss \\d")))
      << outcome.out;
  EXPECT_NE(outcome.out.find("\033[32m"), std::string::npos);
  EXPECT_NE(outcome.out.find("\r\033[K"), std::string::npos) << "the bar is not removed";
}

TEST_F(MnistMlp, RespectsNoColor) {
  const Outcome outcome = train({}, {.columns = 100, .environment = {"NO_COLOR=1"}});
  EXPECT_NE(outcome.out.find("\r1/1 ["), std::string::npos);
  EXPECT_EQ(outcome.out.find("\033[32m"), std::string::npos);
}

TEST_F(MnistMlp, WritesPlainLinesOnADumbTerminal) {
  std::string out = train({}, {.columns = 100, .environment = {"TERM=dumb"}}).out;
  std::erase(out, '\r');  // the terminal makes \r\n of \n
  EXPECT_FALSE(has_control_characters(out)) << out;
}

TEST_F(MnistMlp, FitsItsLinesIntoANarrowTerminal) {
  const Outcome outcome = train({"--mistakes", ""}, {.columns = 20, .environment = {"NO_COLOR=1"}});
  const std::string out = std::regex_replace(outcome.out, std::regex("\033\\[K"), "");
  std::istringstream stream(std::regex_replace(out, std::regex("\r"), "\n"));
  for (std::string line; std::getline(stream, line);) EXPECT_LE(line.size(), 20U) << line;
}

}  // namespace
