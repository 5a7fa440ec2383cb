#include <filesystem>
#include <regex>

#include <gtest/gtest.h>

#include "program.h"

namespace {

double bits_of(const Outcome& outcome, const std::string& model) {
  std::smatch match;
  EXPECT_TRUE(std::regex_search(outcome.out, match, std::regex(model + " +[0-9.]+ +([0-9.]+)\n")))
      << outcome.out;
  return match.empty() ? 0 : std::stod(match[1]);
}

// On the project's own architecture page; a few steps are enough to know the frequent characters.
TEST(CharLm, LearnsAndIsMeasuredAgainstNGrams) {
  const std::vector<std::string> arguments{"--text",       TARN_SOURCE_DIR "/docs/architecture.md",
                                           "--steps",      "60",
                                           "--width",      "32",
                                           "--layers",     "1",
                                           "--context",    "32",
                                           "--batch-size", "8",
                                           "--lr",         "0.01",
                                           "--sample",     "20"};
  const Outcome first = run_example("char_lm", arguments, testing::TempDir());
  ASSERT_EQ(first.exit_code, 0) << first.err;
  EXPECT_LT(bits_of(first, "transformer"), bits_of(first, "1-gram, Kneser-Ney"));
  EXPECT_LT(bits_of(first, "5-gram, Kneser-Ney"), bits_of(first, "3-gram, Kneser-Ney"));
  const Outcome second = run_example("char_lm", arguments, testing::TempDir());
  EXPECT_EQ(bits_of(first, "transformer"), bits_of(second, "transformer"));
}

TEST(CharLm, SaysWhatIsWrongWithTheText) {
  const Outcome missing = run_example("char_lm", {"--text", "/no/such/file"}, testing::TempDir());
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_NE(missing.err.find("cannot read /no/such/file"), std::string::npos) << missing.err;
}

}  // namespace
