#include <clocale>
#include <fstream>
#include <iterator>
#include <limits>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <tarn/tarn.h>

#include "../data/temp_folder.h"
#include "../data/thrown_text.h"

namespace tarn::io {
namespace {

template <class Logger>
class AnyLogger : public ::testing::Test {
 protected:
  std::string contents() const {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void write(const std::string& text) const {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << text;
  }
  TempFolder folder_;
  std::string path_ = folder_ / "metrics";
};
using Loggers = ::testing::Types<CsvLogger, JsonlLogger>;
TYPED_TEST_SUITE(AnyLogger, Loggers);

class Csv : public AnyLogger<CsvLogger> {};
class Jsonl : public AnyLogger<JsonlLogger> {};

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST_F(Csv, WritesNamesOnceAndThenRows) {
  CsvLogger log(path_);
  log.log({{"step", 1}, {"loss", 0.1}, {"ok", true}, {"note", "a"}});
  EXPECT_EQ(contents(), "step,loss,ok,note\n1,0.1,true,a\n");  // before the logger is gone
  log.log({{"step", std::int64_t{-2}}, {"loss", kNan}, {"ok", false}, {"note", "say \"x\", y\nz"}});
  EXPECT_EQ(contents(), "step,loss,ok,note\n1,0.1,true,a\n-2,nan,false,\"say \"\"x\"\", y\nz\"\n");
}

TEST_F(Csv, RefusesOtherColumns) {
  CsvLogger(path_).log({{"a", 1}, {"b", 2}});
  CsvLogger log(path_);
  EXPECT_TRUE(contains(thrown_text<ValueError>([&] {
                         log.log({{"b", 1}, {"a", 2}});
                       }),
                       "the columns are b,a, in the file a,b"));
  thrown_text<ValueError>([&] { log.log({}); });
  thrown_text<ValueError>([&] { log.log({{"a\n", 1}, {"b", 2}}); });
  log.log({{"a", 3}, {"b", 4}});
  EXPECT_EQ(contents(), "a,b\n1,2\n3,4\n");
}

TEST_F(Csv, ReadsBackWithTheCsvDataSet) {
  CsvLogger log(path_);
  for (int i = 0; i < 5; ++i) log.log({{"x", i / 3.0}, {"y", i * 1e30}, {"label", i}});
  const data::CSV read(path_, {.label = "label", .label_dtype = kInt64});
  ASSERT_EQ(read.size(), 5);
  EXPECT_EQ(read.get(4).data.to_vector<float>(),
            (std::vector<float>{static_cast<float>(4 / 3.0), 4e30F}));
  EXPECT_EQ(read.get(4).target.item(), 4);
}

TEST_F(Jsonl, WritesAnObjectALine) {
  JsonlLogger log(path_);
  log.log({{"step", 1}, {"loss", 1e-7}, {"inf", -kInf}, {"note", std::string("Größe \"\n")}});
  log.log({});
  log.log({{"ok", false}, {"nan", kNan}});
  EXPECT_EQ(contents(),
            "{\"step\":1,\"loss\":1e-07,\"inf\":\"-inf\",\"note\":\"Größe \\\"\\n\"}\n{}\n"
            "{\"ok\":false,\"nan\":\"nan\"}\n");
}

TEST_F(Jsonl, RefusesWhatJsonCannotHold) {
  JsonlLogger log(path_);
  EXPECT_TRUE(contains(thrown_text<ValueError>([&] { log.log({{"a", "\xff"}}); }), "is not UTF-8"));
  EXPECT_TRUE(contains(thrown_text<ValueError>([&] {
                         log.log({{"a", 1}, {"a", 2}});
                       }),
                       "comes twice"));
  EXPECT_EQ(contents(), "");
}

TYPED_TEST(AnyLogger, AddsToAFileThatIsThere) {
  TypeParam(this->path_).log({{"a", 1}});
  const std::string first = this->contents();
  TypeParam(this->path_).log({{"a", 2}});
  EXPECT_TRUE(this->contents().starts_with(first));
  EXPECT_GT(this->contents().size(), first.size());
}

TYPED_TEST(AnyLogger, DropsALineThatHasNoEnd) {
  TypeParam(this->path_).log({{"a", 1}});
  const std::string first = this->contents();
  this->write(first + std::string(10'000, '7'));
  TypeParam(this->path_).log({{"a", 2}});
  TypeParam whole(this->path_);
  const std::string both = this->contents();
  EXPECT_TRUE(both.starts_with(first));
  EXPECT_LT(both.size(), 2 * first.size() + 1);
  EXPECT_EQ(both.back(), '\n');
}

TYPED_TEST(AnyLogger, GoesOnFromACheckpointAsIfItHadNeverStopped) {
  TypeParam log(this->path_);
  log.log({{"a", 1}});
  save_checkpoint(this->folder_ / "checkpoint", {{"log", log}});
  const std::string saved = this->contents();
  log.log({{"a", 2}});
  log.log({{"a", 3}});
  const std::string whole = this->contents();

  TypeParam resumed(this->path_);
  load_checkpoint(this->folder_ / "checkpoint", {{"log", resumed}});
  EXPECT_EQ(this->contents(), whole);  // nothing is lost before there is something new
  resumed.log({{"a", 2}});
  EXPECT_EQ(this->contents().size(), saved.size() + (whole.size() - saved.size()) / 2);
  resumed.log({{"a", 3}});
  EXPECT_EQ(this->contents(), whole);
}

TYPED_TEST(AnyLogger, IsNotResumedWithoutItsLines) {
  {
    TypeParam log(this->path_);
    log.log({{"a", 1}});
    save_checkpoint(this->folder_ / "checkpoint", {{"log", log}});
  }
  this->write("");
  TypeParam log(this->path_);
  EXPECT_TRUE(contains(thrown_text<ValueError>([&] {
                         load_checkpoint(this->folder_ / "checkpoint", {{"log", log}});
                       }),
                       "metrics: has 0 bytes, it had "));
}

TYPED_TEST(AnyLogger, LosesNoLineOfAProcessThatIsKilled) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    TypeParam log(this->path_);
    log.log({{"a", 1}});
    log.log({{"a", 2}});
    ::kill(::getpid(), SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(
      this->contents().ends_with(std::is_same_v<TypeParam, CsvLogger> ? "1\n2\n" : "{\"a\":2}\n"));
}

TYPED_TEST(AnyLogger, LeavesNoHalfLineWhenTheFileMayNotGrow) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{100, 100};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    TypeParam log(this->path_);
    log.log({{"a", std::string(60, 'x')}});
    try {
      log.log({{"a", std::string(60, 'y')}});
    } catch (const IoError& error) {
      log.log({{"a", "z"}});  // there is room for this one
      ::_exit(error.error_number == EFBIG ? 0 : 2);
    }
    ::_exit(1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(this->contents().find('y'), std::string::npos);
  EXPECT_NE(this->contents().find('z'), std::string::npos);
}

TYPED_TEST(AnyLogger, NamesAFileThatCannotBeWritten) {
  EXPECT_TRUE(contains(thrown_text<IoError>([&] { TypeParam log(this->folder_.path()); }),
                       "cannot be written: Is a directory"));
  EXPECT_TRUE(contains(thrown_text<IoError>([&] { TypeParam log(this->folder_ / "none/x"); }),
                       "none/x: cannot be written: No such file"));
}

}  // namespace
}  // namespace tarn::io
