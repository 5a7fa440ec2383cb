#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include <tarn/autograd/ops.h>
#include <tarn/tensor/dtype.h>
#include <tarn/tensor/factories.h>

// Types of results against PyTorch's, which tests/fixtures/make_op_fixtures.py wrote to
// promotion.txt.
namespace tarn::testing {
namespace {

DType dtype_named(const std::string& text) {
  for (const DType dtype : {kFloat32, kFloat64, kInt64, kInt32, kUInt8, kBool}) {
    if (text == name(dtype)) return dtype;
  }
  throw std::runtime_error("unknown dtype " + text);
}

Tensor example(DType dtype, int dims) { return ones(Shape::filled(dims, 2), {.dtype = dtype}); }

std::vector<std::istringstream> lines_starting_with(const std::string& kind) {
  std::ifstream file(std::string(TARN_SOURCE_DIR) + "/tests/fixtures/promotion.txt");
  std::vector<std::istringstream> lines;
  for (std::string text; std::getline(file, text);) {
    std::istringstream line(text);
    std::string first;
    line >> first;
    if (first == kind) lines.push_back(std::move(line));
  }
  return lines;
}

TEST(Promotion, OfTensorsIsPyTorchs) {
  auto lines = lines_starting_with("tensors");
  ASSERT_EQ(lines.size(), 144U);
  for (std::istringstream& line : lines) {
    std::string a;
    std::string b;
    std::string expected;
    int a_dims = 0;
    int b_dims = 0;
    line >> a >> a_dims >> b >> b_dims >> expected;
    if (a_dims == b_dims) {
      EXPECT_STREQ(name(promote_types(dtype_named(a), dtype_named(b))), expected.c_str())
          << a << " and " << b;
    }
    if (expected == "bool") continue;  // tarn refuses arithmetic on bool
    const Tensor x = example(dtype_named(a), a_dims);
    const Tensor y = example(dtype_named(b), b_dims);
    const bool is_float = expected.starts_with("float");
    SCOPED_TRACE(a + " " + std::to_string(a_dims) + "-d, " + b + " " + std::to_string(b_dims) +
                 "-d");
    EXPECT_STREQ(name((x + y).dtype()), expected.c_str());
    EXPECT_STREQ(name((x - y).dtype()), expected.c_str());
    EXPECT_STREQ(name((x * y).dtype()), expected.c_str());
    EXPECT_STREQ(name((x / y).dtype()), is_float ? expected.c_str() : "float32");
    EXPECT_EQ((x + y).to_vector()[0], 2);
  }
}

TEST(Promotion, OfTensorsAndNumbersIsPyTorchs) {
  auto lines = lines_starting_with("number");
  ASSERT_EQ(lines.size(), 36U);
  for (std::istringstream& line : lines) {
    std::string a;
    std::string kind;
    std::string expected;
    int dims = 0;
    line >> a >> dims >> kind >> expected;
    if (expected == "bool") continue;
    const Scalar number = kind == "int" ? Scalar(2) : kind == "float" ? Scalar(2.5) : Scalar(true);
    const Tensor x = example(dtype_named(a), dims);
    SCOPED_TRACE(a + " " + std::to_string(dims) + "-d, " + kind);
    EXPECT_STREQ(name((x + number).dtype()), expected.c_str());
    EXPECT_STREQ(name((number - x).dtype()), expected.c_str());
    EXPECT_STREQ(name((x * number).dtype()), expected.c_str());
    EXPECT_STREQ(name((number / x).dtype()),
                 expected.starts_with("float") ? expected.c_str() : "float32");
  }
}

TEST(Promotion, OfACppNumberGoesByItsCategoryOnly) {
  EXPECT_EQ((ones({2}, {.dtype = kInt32}) + std::int64_t{1}).dtype(), kInt32);
  EXPECT_EQ((ones({2}) + 1.0).dtype(), kFloat32);
  EXPECT_EQ((ones({2}) + 1.0F).dtype(), kFloat32);
  EXPECT_EQ((ones({2}, {.dtype = kFloat64}) + 1.0F).dtype(), kFloat64);
  EXPECT_EQ((ones({2}, {.dtype = kUInt8}) + 1).dtype(), kUInt8);
}

TEST(DTypes, NamesSizesAndKinds) {
  EXPECT_STREQ(name(kBool), "bool");
  EXPECT_STREQ(name(kUInt8), "uint8");
  EXPECT_EQ(element_size(kFloat32), 4U);
  EXPECT_EQ(element_size(kFloat64), 8U);
  EXPECT_EQ(element_size(kInt64), 8U);
  EXPECT_EQ(element_size(kInt32), 4U);
  EXPECT_EQ(element_size(kUInt8), 1U);
  EXPECT_EQ(element_size(kBool), 1U);
  EXPECT_TRUE(is_floating_point(kFloat64));
  EXPECT_FALSE(is_floating_point(kInt64));
}

}  // namespace
}  // namespace tarn::testing
