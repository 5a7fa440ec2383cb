#include <array>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <tarn/data/dataloader.h>
#include <tarn/data/tensor_dataset.h>
#include <tarn/io/progress.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>

namespace tarn::io {
namespace {

// A variable of the environment while it lives; null: not set.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    const char* before = std::getenv(name);
    was_set_ = before != nullptr;
    if (was_set_) before_ = before;
    set(value);
  }
  ~Variable() { set(was_set_ ? before_.c_str() : nullptr); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  void set(const char* value) { value ? setenv(name_, value, 1) : unsetenv(name_); }
  const char* name_;
  bool was_set_ = false;
  std::string before_;
};

// The two ends of a stream: what is written to file() can be read from it.
class Console {
 public:
  // A pseudo-terminal of so many columns; 0: it does not tell. Negative: a pipe.
  explicit Console(int columns) {
    if (columns < 0) {
      std::array<int, 2> ends{};
      if (pipe(ends.data()) != 0) throw std::runtime_error("pipe");
      reader_ = ends[0];
      file_ = fdopen(ends[1], "w");
    } else {
      reader_ = posix_openpt(O_RDWR | O_NOCTTY);
      if (reader_ < 0 || grantpt(reader_) != 0 || unlockpt(reader_) != 0)
        throw std::runtime_error("openpt");
      file_ = fopen(ptsname(reader_), "w");
      resize(columns);
    }
    if (!file_) throw std::runtime_error("no stream");
    fcntl(reader_, F_SETFL, O_NONBLOCK);
  }
  ~Console() {
    fclose(file_);
    close(reader_);
  }
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  std::FILE* file() const { return file_; }
  void resize(int columns) const {
    winsize window{};
    window.ws_row = 24;
    window.ws_col = static_cast<unsigned short>(columns);
    ioctl(reader_, TIOCSWINSZ, &window);
  }
  // What was written since the last call; "\r\n" is "\n" again.
  std::string read_all() const {
    std::fflush(file_);
    std::string text;
    std::array<char, 4096> part{};
    for (ssize_t n = 0; (n = ::read(reader_, part.data(), part.size())) > 0;)
      text.append(part.data(), static_cast<std::size_t>(n));
    for (std::size_t at = 0; (at = text.find("\r\n", at)) != std::string::npos;) text.erase(at, 1);
    return text;
  }

 private:
  int reader_ = -1;
  std::FILE* file_ = nullptr;
};

// The states that a terminal shows one after another, without colours.
std::vector<std::string> states(std::string text) {
  for (const std::string code : {"\033[32m", "\033[0m", "\033[K"}) {
    for (std::size_t at = 0; (at = text.find(code)) != std::string::npos;)
      text.erase(at, code.size());
  }
  std::vector<std::string> result;
  std::string state;
  for (const char c : text + "\n") {
    if (c != '\r' && c != '\n') {
      state += c;
    } else if (!state.empty()) {
      result.push_back(std::exchange(state, ""));
    }
  }
  return result;
}

class ProgressOn : public ::testing::Test {
 protected:
  // Draws at each update, so that nothing depends on time.
  static ProgressBarOptions always(const Console& console, std::int64_t total) {
    return {.total = total,
            .desc = "train",
            .mininterval = 0,
            .plain_interval = 0,
            .file = console.file()};
  }

 private:
  Variable term_{"TERM", "xterm"};
  Variable no_color_{"NO_COLOR", nullptr};
};

TEST_F(ProgressOn, ATerminalOf80ColumnsHasBarAndFields) {
  const Console console(80);
  {
    ProgressBar bar(always(console, 4));
    bar.set_postfix({{"loss", 0.09123456}, {"note", "ok"}, {"k", 3}});
    for (int i = 0; i < 4; ++i) bar.update();
  }
  const std::string text = console.read_all();
  EXPECT_NE(text.find("\033[32m"), std::string::npos);
  EXPECT_EQ(text.back(), '\n') << "what follows begins on a line of its own";
  const auto shown = states(text);
  ASSERT_GE(shown.size(), 5U);
  EXPECT_TRUE(shown[0].starts_with("train [ ")) << shown[0];
  EXPECT_NE(shown[2].find("] 50%  ETA 0:0"), std::string::npos) << shown[2];
  EXPECT_NE(shown[2].find("loss 0.09123  note ok  k 3"), std::string::npos) << shown[2];
  EXPECT_NE(shown.back().find("] 100%  0:0"), std::string::npos) << shown.back();
  for (const std::string& state : shown) EXPECT_LT(state.size(), 80U) << state;
}

TEST_F(ProgressOn, ATerminalOf20ColumnsLeavesOutWhatHasNoRoom) {
  const Console console(20);
  {
    ProgressBar bar(always(console, 1000));
    bar.set_postfix({{"loss", 0.5}, {"accuracy", 0.25}});
    for (int i = 0; i < 3; ++i) bar.update(100);
  }
  const auto shown = states(console.read_all());
  EXPECT_TRUE(shown.back().starts_with("train 30%  ETA 0:")) << shown.back();
  for (const std::string& state : shown) EXPECT_LT(state.size(), 20U) << state;
}

TEST_F(ProgressOn, TinyTerminalsCutTheDescription) {
  for (const int columns : {1, 2, 3, 5, 8}) {
    const Console console(columns);
    { ProgressBar bar(always(console, 2)); }
    for (const std::string& state : states(console.read_all()))
      EXPECT_LT(state.size(), static_cast<std::size_t>(columns)) << state;
  }
}

TEST_F(ProgressOn, AWindowThatChangesIsLookedAtAgain) {
  const Console console(80);
  ProgressBar bar(always(console, 4));
  bar.update();
  EXPECT_GT(states(console.read_all()).back().size(), 40U);
  console.resize(20);
  bar.update();
  EXPECT_LT(states(console.read_all()).back().size(), 20U);
}

TEST_F(ProgressOn, ATerminalWithoutASizeFollowsColumns) {
  const Variable columns("COLUMNS", "30");
  const Console console(0);
  { ProgressBar bar(always(console, 4)); }
  for (const std::string& state : states(console.read_all())) EXPECT_LT(state.size(), 30U);
}

TEST_F(ProgressOn, NoColorIsRespected) {
  const Variable no_color("NO_COLOR", "1");
  const Console console(80);
  { ProgressBar bar(always(console, 1)); }
  EXPECT_EQ(console.read_all().find("\033[3"), std::string::npos);
}

// Neither carriage returns nor escapes.
void expect_plain(const std::string& text) {
  for (const char c : text) EXPECT_TRUE(c == '\n' || c >= ' ') << text;
}

TEST_F(ProgressOn, APipeGetsPlainLinesAndTheLastState) {
  const Console console(-1);
  {
    ProgressBarOptions options = always(console, 3);
    options.plain_interval = 1e9;
    ProgressBar bar(options);
    for (int i = 0; i < 3; ++i) {
      bar.set_postfix({{"loss", 0.5 - i}});
      bar.update();
    }
  }
  const std::string text = console.read_all();
  expect_plain(text);
  const auto lines = states(text);
  ASSERT_EQ(lines.size(), 1U) << text;
  EXPECT_TRUE(lines[0].starts_with("train 100%  0:0")) << text;
  EXPECT_NE(lines[0].find("loss -1.5"), std::string::npos) << text;
  EXPECT_TRUE(lines[0].ends_with("3/3")) << text;
}

TEST_F(ProgressOn, ADumbTerminalGetsPlainLinesThatFit) {
  const Variable term("TERM", "dumb");
  const Console console(20);
  {
    ProgressBar bar(always(console, 3));
    bar.update();
  }
  const std::string text = console.read_all();
  expect_plain(text);
  ASSERT_EQ(states(text).size(), 2U) << text;
  for (const std::string& line : states(text)) EXPECT_LT(line.size(), 20U) << line;
}

TEST_F(ProgressOn, DrawingIsLimitedByTime) {
  const Console console(80);
  {
    ProgressBarOptions options = always(console, 10'000);
    options.mininterval = 1e9;
    ProgressBar bar(options);
    for (int i = 0; i < 10'000; ++i) bar.update();
  }
  // At the start, after the first update, at the end.
  EXPECT_EQ(states(console.read_all()).size(), 3U);
}

TEST_F(ProgressOn, AnExceptionLeavesTheLastState) {
  const Console console(80);
  ProgressBarOptions options = always(console, 4);
  options.mininterval = 1e9;
  options.leave = false;
  const std::vector<int> numbers = {1, 2, 3, 4};
  try {
    for (const int number : progress(numbers, options)) {
      if (number == 3) throw ValueError("stop");
    }
    FAIL();
  } catch (const ValueError&) {
  }
  const std::string text = console.read_all();
  EXPECT_NE(states(text).back().find("2/4"), std::string::npos) << text;
  EXPECT_EQ(text.back(), '\n');
}

TEST_F(ProgressOn, ALineThatIsNotLeftIsRemoved) {
  const Console console(80);
  ProgressBarOptions options = always(console, 1);
  options.leave = false;
  {
    ProgressBar bar(options);
    bar.update();
  }
  EXPECT_TRUE(console.read_all().ends_with("\r\033[K"));
}

TEST_F(ProgressOn, TextIsWrittenAboveTheBar) {
  const Console console(80);
  ProgressBar bar(always(console, 2));
  console.read_all();
  bar.write("epoch done");
  const std::string text = console.read_all();
  EXPECT_TRUE(text.starts_with("\r\033[Kepoch done\n\rtrain [")) << text;
}

TEST_F(ProgressOn, ControlCharactersOfADescriptionDoNotMoveTheCursor) {
  const Console console(-1);
  ProgressBarOptions options = always(console, 1);
  options.desc = "a\nb\033[2Jc";
  options.plain_interval = 1e9;
  { ProgressBar bar(options); }
  EXPECT_TRUE(console.read_all().starts_with("a b [2Jc 0%"));
}

TEST_F(ProgressOn, ALoaderIsCountedAndItsBatchesAreItsOwn) {
  const Console console(-1);
  const data::TensorDataset numbers(arange(10), arange(10));
  data::DataLoader loader(numbers, {.batch_size = 4, .shuffle = false});
  ProgressBarOptions options{.plain_interval = 1e9, .file = console.file()};
  auto bar = progress(loader, options);
  std::int64_t examples = 0;
  for (int epoch = 0; epoch < 2; ++epoch) {
    for (auto& [x, y] : bar) {
      examples += x.size(0);
      x = Tensor();
    }
  }
  EXPECT_EQ(examples, 20);
  const auto lines = states(console.read_all());
  ASSERT_EQ(lines.size(), 2U) << "one for each epoch, at its end";
  for (const std::string& line : lines) EXPECT_TRUE(line.ends_with("3/3")) << line;
}

TEST_F(ProgressOn, ARangeWithoutSizeOrWithoutElementsIsCounted) {
  const Console console(-1);
  std::istringstream words("a b c");
  struct Words {
    std::istringstream& stream;
    auto begin() const { return std::istream_iterator<std::string>(stream); }
    auto end() const { return std::istream_iterator<std::string>(); }
  };
  ProgressBarOptions options{.plain_interval = 1e9, .file = console.file()};
  std::string all;
  for (const std::string& word : progress(Words{words}, options)) all += word;
  EXPECT_EQ(all, "abc");
  EXPECT_TRUE(console.read_all().starts_with("3  0:0"));
  for (const int never : progress(std::vector<int>(), options)) FAIL() << never;
  EXPECT_TRUE(console.read_all().starts_with("100%  0:0"));
}

TEST_F(ProgressOn, NothingIsShownWhenDisabledAndOptionsAreChecked) {
  const Console console(80);
  {
    ProgressBarOptions options = always(console, 1);
    options.disable = true;
    ProgressBar bar(options);
    bar.update();
    bar.write("text");
  }
  EXPECT_EQ(console.read_all(), "");
  EXPECT_THROW(ProgressBar({.total = -1}), ValueError);
  EXPECT_THROW(ProgressBar({.initial = -1}), ValueError);
  EXPECT_THROW(ProgressBar({.mininterval = std::numeric_limits<double>::quiet_NaN()}), ValueError);
}

}  // namespace
}  // namespace tarn::io
