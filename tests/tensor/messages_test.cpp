#include <clocale>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/tensor/error.h>
#include <tarn/tensor/log.h>
#include <tarn/tensor/str.h>

namespace tarn::testing {
namespace {

TEST(Str, JoinsTextNumbersAndShapes) {
  const char* const pointer = "ptr";
  EXPECT_EQ(str("a", 1, 'b', 2.5, true, Shape({2, 3}), kInt64, std::string("s"),
                std::string_view("v"), pointer),
            "a1b2.5true[2, 3]int64svptr");
  EXPECT_EQ(str(), "");
}

TEST(Str, WritesNumbersSoThatTheyReadBack) {
  EXPECT_EQ(str(0.1), "0.1");
  EXPECT_EQ(str(1e100), "1e+100");
  EXPECT_EQ(str(-0.0), "-0");
  EXPECT_EQ(str(std::numeric_limits<double>::infinity()), "inf");
  EXPECT_EQ(str(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(str(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(str(std::uint8_t{7}), "7");
  EXPECT_EQ(str(0.1F + 0.2), str(static_cast<double>(0.1F) + 0.2));
}

TEST(Str, DoesNotDependOnTheLocale) {
  const std::string previous = std::setlocale(LC_ALL, nullptr);
  for (const char* const locale : {"de_DE.UTF-8", "fr_FR.UTF-8", "C.UTF-8"}) {
    if (!std::setlocale(LC_ALL, locale)) continue;  // not installed here
    EXPECT_EQ(str(1234.5), "1234.5") << locale;
  }
  std::setlocale(LC_ALL, previous.c_str());
}

TEST(Errors, AreAllErrorsAndRuntimeErrors) {
  const auto caught = [](auto thrown) {
    try {
      throw thrown;
    } catch (const Error& error) {
      return std::string(error.what());
    }
  };
  EXPECT_EQ(caught(ShapeError("a")), "a");
  EXPECT_EQ(caught(DTypeError("b")), "b");
  EXPECT_EQ(caught(IndexError("c")), "c");
  EXPECT_EQ(caught(ValueError("d")), "d");
  EXPECT_EQ(caught(AutogradError("e")), "e");
  EXPECT_EQ(OutOfMemory("f", 7).bytes, 7U);
  EXPECT_EQ(IoError("g", "path", 2).error_number, 2);
  EXPECT_EQ(FormatError("h", "path", 9).offset, 9U);
  EXPECT_EQ(FormatError("h", "path", 9).path, "path");
  EXPECT_EQ(WorkerError("i", 5).index, 5);
}

std::vector<std::string>& received() {
  static std::vector<std::string> messages;
  return messages;
}

TEST(Warnings, AreGivenOnceForEachKeyUntilReset) {
  const LogHandler previous =
      set_log_handler([](LogLevel, const std::string& message) { received().push_back(message); });
  reset_warnings();
  received().clear();
  warn_once("test key", "first");
  warn_once("test key", "second");
  warn_once("other test key", "third");
  EXPECT_EQ(received(), (std::vector<std::string>{"first", "third"}));
  reset_warnings();
  warn_once("test key", "fourth");
  EXPECT_EQ(received().back(), "fourth");
  set_log_handler(previous)(LogLevel::warning, "fifth");
  EXPECT_EQ(received().back(), "fifth") << "returns the one before";
}

}  // namespace
}  // namespace tarn::testing
