#include <regex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "program.h"

namespace {

Outcome train(const std::vector<std::string>& flags, const std::string& threads = "1") {
  std::vector<std::string> arguments{"--data", TARN_SOURCE_DIR "/data/mnist-sample"};
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  return run_example("mnist_cnn", arguments, testing::TempDir(),
                     {.environment = {"TARN_NUM_THREADS=" + threads}});
}

std::string find(const std::string& text, const std::string& pattern) {
  std::smatch match;
  EXPECT_TRUE(std::regex_search(text, match, std::regex(pattern))) << pattern << " in:\n" << text;
  return match.empty() ? "0" : match[1].str();
}

TEST(MnistCnn, LearnsTheSample) {
  const Outcome outcome = train({"--epochs", "4"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("(conv1): Conv2d(1, 10, kernel_size=(5, 5), stride=(1, 1))"),
            std::string::npos)
      << outcome.out;
  EXPECT_NE(outcome.out.find("21,840 parameters"), std::string::npos) << outcome.out;
  EXPECT_GT(std::stod(find(outcome.out, "epoch 4/4 .*test accuracy ([0-9.]+)%")), 90);
}

TEST(MnistCnn, GivesTheSameWeightsForAnyNumberOfThreads) {
  const std::vector<std::string> flags{"--epochs", "1"};
  const std::string expected = find(train(flags).out, "weights +([0-9a-f]{16})");
  EXPECT_EQ(find(train(flags, "3").out, "weights +([0-9a-f]{16})"), expected);
  EXPECT_NE(find(train({"--epochs", "1", "--seed", "1"}).out, "weights +([0-9a-f]{16})"), expected);
}

TEST(MnistCnn, SaysWhatIsWrong) {
  const Outcome missing = run_example("mnist_cnn", {"--data", "/nowhere"}, testing::TempDir());
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_TRUE(missing.err.starts_with("mnist_cnn: ")) << missing.err;
  EXPECT_NE(missing.err.find("/nowhere"), std::string::npos) << missing.err;
  EXPECT_EQ(train({"--lr", "-1"}).exit_code, 1);
  const Outcome diverged = train({"--lr", "1e30"});
  EXPECT_EQ(diverged.exit_code, 1);
  EXPECT_NE(diverged.err.find("no longer finite in epoch 1"), std::string::npos) << diverged.err;
  EXPECT_NE(train({"--epochs", "0"}).exit_code, 0);
}

}  // namespace
