#include <charconv>
#include <cmath>
#include <fstream>
#include <locale>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tarn/autograd/ops.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/print.h>

namespace tarn {
namespace {

/// A tensor of tests/fixtures/print.txt and how PyTorch prints it; make_print_fixtures.py describes
/// the format.
struct Case {
  std::string name, dtype, shape, then, source;
  std::string expected;
};

template <class T>
std::vector<T> numbers(const std::string& text) {
  std::istringstream words(text);
  std::vector<T> values;
  for (std::string word; words >> word;) {
    T value{};
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc() || *end != '\0')
      throw std::runtime_error("print.txt: not a number: " + word);
    values.push_back(value);
  }
  return values;
}

Tensor source_tensor(const Case& c, const Shape& shape) {
  const auto space = c.source.find(' ');
  const std::string kind = c.source.substr(0, space);
  const std::string rest = space == std::string::npos ? "" : c.source.substr(space + 1);
  if (kind == "ramp") {
    const auto ramp = numbers<double>(rest);
    std::vector<double> values(static_cast<std::size_t>(numel(shape)));
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = ramp.at(0) + ramp.at(1) * static_cast<double>(i);
    return from_vector(values, shape);
  }
  EXPECT_EQ(kind, "values");
  const bool floating = c.dtype.starts_with("float");
  return floating ? from_vector(numbers<double>(rest), shape)
                  : from_vector(numbers<std::int64_t>(rest), shape);
}

Tensor make_tensor(const Case& c) {
  const std::map<std::string, DType> dtypes = {{"float32", kFloat32}, {"float64", kFloat64},
                                               {"int64", kInt64},     {"int32", kInt32},
                                               {"uint8", kUInt8},     {"bool", kBool}};
  using Function = Tensor (*)(const Tensor&);
  const std::map<std::string, Function> functions = {
      {"requires_grad", [](const Tensor& x) { return x; }},
      {"add", [](const Tensor& x) { return x + x; }},
      {"mul", [](const Tensor& x) { return x * x; }},
      {"relu", [](const Tensor& x) { return relu(x); }},
      {"tanh", [](const Tensor& x) { return tanh(x); }},
      {"mean", [](const Tensor& x) { return mean(x); }},
      {"log_softmax", [](const Tensor& x) { return log_softmax(x, -1); }},
  };
  const Tensor x = source_tensor(c, numbers<std::int64_t>(c.shape)).to(dtypes.at(c.dtype));
  return c.then == "-" ? x : functions.at(c.then)(x.requires_grad_());
}

std::vector<std::string> split_fields(const std::string& line) {
  std::vector<std::string> fields;
  std::size_t begin = 0;
  for (std::size_t bar; (bar = line.find(" | ", begin)) != std::string::npos; begin = bar + 3) {
    fields.push_back(line.substr(begin, bar - begin));
  }
  fields.push_back(line.substr(begin));
  return fields;
}

std::vector<Case> read_cases() {
  std::ifstream file(TARN_SOURCE_DIR "/tests/fixtures/print.txt");
  std::vector<Case> cases;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("case ")) {
      const auto fields = split_fields(line.substr(5));
      cases.push_back({fields.at(0), fields.at(1), fields.at(2), fields.at(3), fields.at(4), ""});
    } else if (line.starts_with("| ")) {
      std::string& expected = cases.at(cases.size() - 1).expected;
      expected += (expected.empty() ? "" : "\n") + line.substr(2);
    }
  }
  return cases;
}

TEST(Print, EqualsPyTorchOnEveryFixture) {
  const auto cases = read_cases();
  EXPECT_GE(cases.size(), 400U);
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(to_string(make_tensor(c)), c.expected);
  }
}

TEST(Print, NamesAnUndefinedTensor) { EXPECT_EQ(to_string(Tensor()), "tensor(undefined)"); }

TEST(Print, DropsTheSignOfNan) {
  EXPECT_EQ(to_string(tensor({-NAN, 1.5})), "tensor([   nan, 1.5000])");
}

TEST(Print, ReadsElementsAtTheirStrides) {
  const Tensor x = arange(24).reshape({4, 6});
  for (const Tensor& view : {x.t(), x.slice(1, 1, 6, 2), x.select(1, 3), x.slice(0, 1, 3).t()}) {
    ASSERT_FALSE(view.is_contiguous());
    EXPECT_EQ(to_string(view), to_string(view.contiguous()));
  }
  EXPECT_EQ(to_string(x.select(1, 3)), "tensor([ 3,  9, 15, 21])");
}

TEST(Print, ReadsElementsOfALargeViewAtTheirStrides) {
  const Tensor x = arange(2000).reshape({40, 50}).t();
  EXPECT_EQ(to_string(x), to_string(x.contiguous()));
}

// Walking over all 10^18 elements would never end.
TEST(Print, LooksOnlyAtTheElementsItShows) {
  const Tensor x = full({1, 1}, 2.5).expand({1'000'000'000, 1'000'000'000});
  const std::string row = "[2.5000, 2.5000, 2.5000,  ..., 2.5000, 2.5000, 2.5000]";
  const std::string space(8, ' ');
  const std::string rows = row + ",\n" + space + row + ",\n" + space + row;
  EXPECT_EQ(to_string(x), "tensor([" + rows + ",\n" + space + "...,\n" + space + rows + "])");
}

class CommaPunctuation : public std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
  char do_thousands_sep() const override { return '.'; }
  std::string do_grouping() const override { return "\3"; }
  std::string do_truename() const override { return "wahr"; }
};

class LocaleGuard {
 public:
  explicit LocaleGuard(const std::locale& locale) : previous_(std::locale::global(locale)) {}
  ~LocaleGuard() { std::locale::global(previous_); }

 private:
  std::locale previous_;
};

TEST(Print, DoesNotDependOnTheLocale) {
  const LocaleGuard guard(std::locale(std::locale::classic(), new CommaPunctuation));
  std::ostringstream stream;
  ASSERT_EQ((stream << 1234.5, stream.str()), "1.234,5") << "the locale is not in force";
  EXPECT_EQ(to_string(tensor({1234.5, 2.0})), "tensor([1234.5000,    2.0000])");
  EXPECT_EQ(to_string(tensor({123456, 2})), "tensor([123456,      2])");
  EXPECT_EQ(to_string(scalar_tensor(true)), "tensor(True)");
  EXPECT_EQ(to_string(tensor({1e-9, 1.0})), "tensor([1.0000e-09, 1.0000e+00])");
}

TEST(Print, StreamsTheSameText) {
  std::ostringstream stream;
  stream << tensor({1.0, 2.5}) << ' ' << Tensor();
  EXPECT_EQ(stream.str(), "tensor([1.0000, 2.5000]) tensor(undefined)");
}

}  // namespace
}  // namespace tarn
