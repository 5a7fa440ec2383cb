#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/tensor/error.h>
#include <tarn/tensor/log.h>

namespace tarn::testing {
namespace {

// Takes what is said while it lives.
class Messages {
 public:
  explicit Messages(LogLevel level) : level_(log_level()) {
    set_log_level(level);
    reset_warnings();
    previous_ = set_log_handler([this](LogLevel from, const std::string& text) {
      levels.push_back(from);
      texts.push_back(text);
    });
  }
  ~Messages() {
    set_log_handler(previous_);
    set_log_level(level_);
    reset_warnings();
  }
  Messages(const Messages&) = delete;
  Messages& operator=(const Messages&) = delete;

  std::vector<LogLevel> levels;
  std::vector<std::string> texts;

 private:
  LogLevel level_;
  LogHandler previous_;
};

struct Untouchable {};
[[maybe_unused]] std::string to_text(const Untouchable&) {
  ADD_FAILURE() << "was printed";
  return "";
}

// What this program writes when it runs one of the tests below with TARN_LOG.
std::string said_with(const std::string& environment) {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  const std::string command = environment + " TARN_SAY=1 '" + self +
                              "' --gtest_brief=1 --gtest_filter=LogInAProcess.SaysEachLevel 2>&1";
  std::string out;
  std::FILE* pipe = popen(command.c_str(), "r");
  if (!pipe) return "popen failed";
  std::array<char, 256> part{};
  while (std::fgets(part.data(), part.size(), pipe)) out += part.data();
  EXPECT_EQ(pclose(pipe), 0) << out;
  std::string said;
  for (std::size_t at = 0; at < out.size();) {
    const std::size_t end = out.find('\n', at);
    const std::string line = out.substr(at, end - at);
    if (line.starts_with("tarn: ")) said += line + "\n";
    if (end == std::string::npos) break;
    at = end + 1;
  }
  return said;
}

TEST(LogInAProcess, SaysEachLevel) {
  if (!std::getenv("TARN_SAY")) GTEST_SKIP() << "run by the tests below";
  for (const LogLevel level :
       {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error}) {
    log_at(level, "n = ", 1);
  }
}

TEST(Log, LevelComesFromTheEnvironment) {
  const std::string error = "tarn: error: n = 1\n";
  const std::string warning = "tarn: warning: n = 1\n" + error;
  const std::string info = "tarn: info: n = 1\n" + warning;
  EXPECT_EQ(said_with("TARN_LOG=off"), "");
  EXPECT_EQ(said_with("TARN_LOG=error"), error);
  EXPECT_EQ(said_with("TARN_LOG=warning"), warning);
  EXPECT_EQ(said_with("TARN_LOG=info"), info);
  EXPECT_EQ(said_with("TARN_LOG=debug"), "tarn: debug: n = 1\n" + info);
  EXPECT_EQ(said_with("TARN_LOG="), warning);
  EXPECT_EQ(said_with("env -u TARN_LOG"), warning);
}

TEST(Log, ABadLevelIsSaidOnceAndTheDefaultUsed) {
  EXPECT_EQ(said_with("TARN_LOG=Verbose"),
            "tarn: warning: TARN_LOG = \"Verbose\": expected off, error, warning, info or debug; "
            "using warning\ntarn: warning: n = 1\ntarn: error: n = 1\n");
}

TEST(Log, LevelAndHandlerCanBeSetInCode) {
  Messages said(LogLevel::info);
  log_at(LogLevel::debug, "left out");
  log_at(LogLevel::info, "a = ", 2, ", b = ", 0.5);
  log_message(LogLevel::off, "never");
  EXPECT_EQ(said.texts, std::vector<std::string>{"a = 2, b = 0.5"});
  EXPECT_EQ(said.levels, std::vector<LogLevel>{LogLevel::info});
}

TEST(Log, PartsAreNotPutTogetherWhenTheyAreNotSaid) {
  Messages said(LogLevel::off);
  log_at(LogLevel::error, Untouchable());
  EXPECT_TRUE(said.texts.empty());
}

TEST(Log, AWarningThatWasNotSaidIsSaidLater) {
  Messages said(LogLevel::error);
  warn_once("log test", "mistake");
  EXPECT_TRUE(said.texts.empty());
  set_log_level(LogLevel::warning);
  warn_once("log test", "mistake");
  warn_once("log test", "mistake");
  EXPECT_EQ(said.texts, std::vector<std::string>{"mistake"});
}

TEST(Log, AHandlerMayLogThrowAndReplaceItself) {
  Messages said(LogLevel::info);
  set_log_handler([&](LogLevel, const std::string& text) {
    set_log_handler([&](LogLevel, const std::string& inner) { said.texts.push_back(inner); });
    log_at(LogLevel::info, "inside ", text);
    throw ValueError("from the handler");
  });
  EXPECT_THROW(log_at(LogLevel::info, "first"), ValueError);
  log_at(LogLevel::info, "second");
  EXPECT_EQ(said.texts, (std::vector<std::string>{"inside first", "second"}));
}

}  // namespace
}  // namespace tarn::testing
