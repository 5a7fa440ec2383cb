#include <limits>
#include <string>

#include <gtest/gtest.h>

#include <tarn/data/csv.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/log.h>
#include <tarn/tensor/str.h>

#include "temp_folder.h"
#include "thrown_text.h"

namespace tarn::data {
namespace {

using Names = std::vector<std::string>;
using Floats = std::vector<float>;

class Csv : public ::testing::Test {
 protected:
  std::string file(const std::string& text) {
    return folder_.write("t.csv", Bytes(text.begin(), text.end()));
  }
  CSV read(const std::string& text, const CSVOptions& options = {}) {
    return CSV(file(text), options);
  }
  // The message, without the path.
  std::string error(const std::string& text, const CSVOptions& options = {}) {
    const std::string message = thrown_text<FormatError>([&] { read(text, options); });
    const std::string start = "csv: " + (folder_ / "t.csv") + ":";
    EXPECT_TRUE(message.starts_with(start)) << message;
    return message.substr(std::min(start.size(), message.size()));
  }
  TempFolder folder_;
};

TEST_F(Csv, ReadsNumbersBelowNames) {
  const CSV csv = read("a,b,y\n1,2.5,3\n-4e2,+.5, 6 \n");
  EXPECT_EQ(csv.size(), 2);
  EXPECT_EQ(csv.data().sizes(), Shape({2, 2}));
  EXPECT_EQ(csv.data().to_vector<float>(), (Floats{1, 2.5, -400, 0.5}));
  EXPECT_EQ(csv.target().to_vector<float>(), (Floats{3, 6}));
  EXPECT_EQ(csv.feature_names(), (Names{"a", "b"}));
  EXPECT_EQ(csv.label_name(), "y");
}

TEST_F(Csv, TakesTheLabelFromAnyColumn) {
  const std::string text = "a,b,c\n1,2,3\n4,5,6\n";
  for (const auto& label : std::vector<std::variant<std::int64_t, std::string>>{1, -2, "b"}) {
    const CSV csv = read(text, {.label = label});
    EXPECT_EQ(csv.target().to_vector<float>(), (Floats{2, 5}));
    EXPECT_EQ(csv.data().to_vector<float>(), (Floats{1, 3, 4, 6}));
    EXPECT_EQ(csv.feature_names(), (Names{"a", "c"}));
  }
  const CSV bare = read("1;2\n3;4", {.label = 0, .header = false, .delimiter = ';'});
  EXPECT_EQ(bare.target().to_vector<float>(), (Floats{1, 3}));
  EXPECT_TRUE(bare.feature_names().empty());
  EXPECT_EQ(bare.label_name(), "");
}

TEST_F(Csv, WarnsOfAHeaderThatLooksLikeAnExample) {
  std::vector<std::string> warnings;
  const LogHandler previous =
      set_log_handler([&](LogLevel, const std::string& message) { warnings.push_back(message); });
  reset_warnings();
  read("x1,2\n3,4\n");
  read("1,2\n3,4\n", {.header = false});
  EXPECT_TRUE(warnings.empty());
  EXPECT_EQ(read("1.5,-2\n3,4\n").size(), 1);
  set_log_handler(previous);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_TRUE(contains(warnings[0], ":1: the first line is taken for the names of the columns"));
  EXPECT_TRUE(contains(warnings[0], "1.5, -2; if it is an example, set .header = false"));
}

TEST_F(Csv, ReadsClassesAsIntegers) {
  const CSV csv = read("x,y\n0.5,1e1\n1.5,-2\n", {.label_dtype = kInt64});
  EXPECT_EQ(csv.target().dtype(), kInt64);
  EXPECT_EQ(csv.target().to_vector<std::int64_t>(), (std::vector<std::int64_t>{10, -2}));
  EXPECT_EQ(error("x,y\n0.5,1.5\n", {.label_dtype = kInt64}),
            "2: column 2 \"y\": 1.5 is no whole number, as a class must be");
  error("x,y\n0.5,1e30\n", {.label_dtype = kInt64});
}

TEST_F(Csv, TakesWhatOtherProgramsWrite) {
  const Floats expected = {1, 3};
  for (const char* text : {"x,y\r\n1,2\r\n3,4\r\n", "x,y\n1,2\n3,4", "\xef\xbb\xbfx,y\n1,2\n3,4\n",
                           "\"x\",\"y\"\n\"1\",\"2\"\n\"3\",\"4\"\n", "\n\nx,y\n\n1,2\n\n3,4\n\n",
                           "x,y\n \t1 , 2\n3,4\n"}) {
    EXPECT_EQ(read(text).data().to_vector<float>(), expected) << text;
  }
  const CSV quoted = read("\"a \"\"b\"\",\nc\",y\n1,2\n");
  EXPECT_EQ(quoted.feature_names(), (Names{"a \"b\",\nc"}));
  const std::string text = "x,y\n1,2\n3,4\n";
  const CSV packed(folder_.write("t.csv.gz", gzip(Bytes(text.begin(), text.end()))));
  EXPECT_EQ(packed.data().to_vector<float>(), expected);
}

TEST_F(Csv, FillsMissingFieldsOnlyWhenAsked) {
  EXPECT_EQ(error("x,y\n1,2\n ,4\n"),
            "3: column 1 \"x\" is empty: expected a number; .missing gives empty fields a value");
  EXPECT_EQ(read("x,y\n,2\n3,4\n", {.missing = -1}).data().to_vector<float>(), (Floats{-1, 3}));
  EXPECT_EQ(read("x,y\n1,\n3,4\n", {.missing = 7}).target().to_vector<float>(), (Floats{7, 4}));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_NE(read("x,y\n,2\n", {.missing = nan}).data().item(), 0);
  error("x,y\n1,\n", {.label_dtype = kInt64, .missing = nan});
}

TEST_F(Csv, NamesLineAndColumnOfWhatIsNoNumber) {
  EXPECT_EQ(error("age,y\n1,2\nn/a,3\n"), "3: column 1 \"age\": \"n/a\" is not a number");
  EXPECT_EQ(error("1,2\n3,x\n", {.header = false}), "2: column 2: \"x\" is not a number");
  for (const char* field : {"1x", "0x10", "1 2", "--1", "+-1", "+", "-", ".", "e5", "1e", "\x01"})
    EXPECT_TRUE(contains(error(str("x,y\n", field, ",2\n")), "is not a number")) << field;
  for (const char* field : {"nan", "inf", "-inf", "NaN", "infinity"})
    EXPECT_TRUE(contains(error(str("x,y\n", field, ",2\n")), "is not finite")) << field;
  EXPECT_TRUE(contains(error("x,y\n1e400,2\n"), "\"1e400\" is out of range"));
  EXPECT_TRUE(contains(error("x,y\n1e39,2\n"), "does not fit float32"));
  EXPECT_TRUE(contains(error("a\n\"b\nc\",2\n1,2\n", {.label = -1}), "1: one column"));
  EXPECT_EQ(error("\"a\nb\",y\n1,2\nx,2\n"), "4: column 1 \"a?b\": \"x\" is not a number");
}

TEST_F(Csv, RefusesRaggedLines) {
  EXPECT_EQ(error("a,b,y\n1,2,3\n4,5\n"), "3: 2 fields: expected 3, as in the first line");
  EXPECT_EQ(error("a,b,y\n1,2,3,\n"), "2: 4 fields: expected 3, as in the first line");
  EXPECT_EQ(error("a,y\n \n"), "2: 1 fields: expected 2, as in the first line");
}

TEST_F(Csv, RefusesQuotesThatDoNotPair) {
  EXPECT_TRUE(contains(error("a,y\n\"1,2\n"), "2: a quote is opened and not closed"));
  EXPECT_TRUE(contains(error("a,y\n1\"2,2\n"), "2: a quote within a field"));
  EXPECT_TRUE(contains(error("a,y\n\"1\"2,2\n"), "2: characters after a closing quote"));
  EXPECT_TRUE(contains(error(std::string("a,y\n1\0,2\n", 9)), "2: holds a NUL character"));
}

TEST_F(Csv, RefusesHeadersThatMakeNoSense) {
  EXPECT_EQ(error("a,b,a\n1,2,3\n"), "1: column 3: the name \"a\" comes twice");
  EXPECT_EQ(error("a,b\n1,2\n", {.label = "c"}),
            "1: no column is called \"c\": expected one of \"a\", \"b\"");
  EXPECT_EQ(error("a,b\n"), " has a header but no rows");
  EXPECT_EQ(error("\n\n"), " is empty: expected a header or a row");
  EXPECT_EQ(error("a\n1\n"),
            "1: one column, divided at ',': expected data besides the label; "
            "is there another delimiter in the file?");
  const std::string wide(70'000, ',');
  EXPECT_TRUE(contains(error(wide), "more than 65536 fields"));
  std::string long_field = "a,y\n";
  long_field.append(70'000, '1').append(",2\n");
  EXPECT_TRUE(contains(error(long_field), "more than 65536 characters"));
}

TEST_F(Csv, RefusesOptionsThatMakeNoSense) {
  const std::string text = "a,b\n1,2\n";
  EXPECT_EQ(thrown_text<ValueError>([&] { read(text, {.label = 2}); }),
            "csv: label = 2: expected -2..1 for 2 columns");
  thrown_text<ValueError>([&] { read(text, {.label = -3}); });
  thrown_text<ValueError>([&] { read(text, {.label = "a", .header = false}); });
  thrown_text<ValueError>([&] { read(text, {.label_dtype = kUInt8}); });
  for (const char delimiter : {'"', '\n', '.', '1', '\0'})
    thrown_text<ValueError>([&] { read(text, {.delimiter = delimiter}); });
  thrown_text<IoError>([&] { CSV(folder_ / "none.csv"); });
}

TEST_F(Csv, SurvivesBeingCutAnywhere) {
  const std::string text = "\xef\xbb\xbf\"a\"\"\",b,y\r\n1,\"2\",3\r\n4,5,6\r\n";
  for (std::size_t size = 1; size < text.size(); ++size) {
    try {
      EXPECT_LE(read(text.substr(0, size)).size(), 2);
    } catch (const FormatError&) {
    }
  }
}

}  // namespace
}  // namespace tarn::data
