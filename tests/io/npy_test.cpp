#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tarn/io/npy.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/random.h>

#include "../data/temp_folder.h"
#include "../data/thrown_text.h"

namespace tarn::io {
namespace {

using ::operator+;

const std::string kFixtures = TARN_SOURCE_DIR "/tests/fixtures/npy/";

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A file with a header of format 1.0 as given, then `payload`.
Bytes npy(const std::string& header, const Bytes& payload = Bytes(24)) {
  Bytes bytes = {0x93,
                 'N',
                 'U',
                 'M',
                 'P',
                 'Y',
                 1,
                 0,
                 static_cast<std::uint8_t>(header.size()),
                 static_cast<std::uint8_t>(header.size() >> 8)};
  bytes.insert(bytes.end(), header.begin(), header.end());
  return std::move(bytes) + payload;
}

const char* const kHeader = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n";

class Npy : public ::testing::Test {
 protected:
  Tensor read(const Bytes& bytes) { return read_npy(folder_.write("file.npy", bytes)); }
  std::string error(const Bytes& bytes) {
    return thrown_text<FormatError>([&] { read(bytes); });
  }
  TempFolder folder_;
};

TEST_F(Npy, ReadsWhatNumPyWrites) {
  const std::vector<std::pair<const char*, DType>> types = {
      {"f2", kFloat32}, {"f4", kFloat32}, {"f8", kFloat64}, {"i1", kInt32}, {"i2", kInt32},
      {"i4", kInt32},   {"i8", kInt64},   {"u1", kUInt8},   {"u2", kInt32}, {"u4", kInt64}};
  for (const auto& [type, dtype] : types) {
    for (const char* order : {"little", "big"}) {
      if (type[1] == '1' && order[0] == 'b') continue;
      SCOPED_TRACE(std::string(type) + order);
      const Tensor x = read_npy(kFixtures + type + "_" + order + ".npy");
      EXPECT_EQ(x.dtype(), dtype);
      EXPECT_EQ(x.sizes(), Shape({2, 3}));
      EXPECT_EQ(x.to_vector<double>(), (std::vector<double>{0, 1, 2, 3, 4, 5}));
    }
  }
}

TEST_F(Npy, ReadsOtherOrdersVersionsAndShapes) {
  for (const char* name : {"fortran", "version2", "version3"}) {
    const Tensor x = read_npy(kFixtures + name + ".npy");
    EXPECT_EQ(x.sizes(), Shape({2, 3}));
    EXPECT_TRUE(x.is_contiguous());
    EXPECT_EQ(x.to_vector<int>(), (std::vector<int>{0, 1, 2, 3, 4, 5})) << name;
  }
  const Tensor flags = read_npy(kFixtures + "b1.npy");
  EXPECT_EQ(flags.dtype(), kBool);
  EXPECT_EQ(flags.to_vector<int>(), (std::vector<int>{0, 1, 0, 1, 0, 1}));
  EXPECT_EQ(read_npy(kFixtures + "scalar.npy").sizes(), Shape({}));
  EXPECT_EQ(read_npy(kFixtures + "scalar.npy").item(), 2.5);
  EXPECT_EQ(read_npy(kFixtures + "empty.npy").sizes(), Shape({0, 3}));
}

TEST_F(Npy, ReadsTheEndsOfEachType) {
  const float inf = std::numeric_limits<float>::infinity();
  const auto vector = read_npy(kFixtures + "vector.npy").to_vector<float>();
  EXPECT_EQ(std::vector<float>(vector.begin(), vector.end() - 1),
            (std::vector<float>{1.5F, -2.5F, 1e-40F, inf, -inf}));
  EXPECT_TRUE(std::isnan(vector.back()));
  const auto half = read_npy(kFixtures + "half.npy").to_vector<float>();
  EXPECT_EQ(half, (std::vector<float>{0, -0.0F, 1, -2, 65504, 0x1p-24F, 1.5F * 0x1p-15F, inf, -inf,
                                      0.333007812F}));
  EXPECT_TRUE(std::signbit(half[1]));
  EXPECT_EQ(read_npy(kFixtures + "limits.npy").to_vector<std::int64_t>(),
            (std::vector<std::int64_t>{std::numeric_limits<std::int64_t>::min(),
                                       std::numeric_limits<std::int64_t>::max()}));
  EXPECT_EQ(read_npy(kFixtures + "unsigned.npy").to_vector<std::int64_t>(),
            (std::vector<std::int64_t>{0, 4294967295}));
}

TEST_F(Npy, RefusesTypesThatATensorCannotHold) {
  const auto text = [&](const char* name) {
    return thrown_text<FormatError>([&] { read_npy(kFixtures + name + ".npy"); });
  };
  EXPECT_TRUE(contains(text("objects"), "dtype '|O' (Python objects), refused since reading them"));
  EXPECT_TRUE(contains(text("u8"), "dtype '<u8' at offset"));
  EXPECT_TRUE(contains(text("text"), "dtype '<U2'"));
  EXPECT_TRUE(contains(text("complex"), "dtype '<c16'"));
  EXPECT_TRUE(contains(text("structured"), "a structured dtype"));
}

TEST_F(Npy, RefusesAFileCutAnywhereOrWithMoreBehind) {
  for (const char* name : {"f4_little", "version2", "b1"}) {
    const std::string whole = contents(kFixtures + name + ".npy");
    for (std::size_t size = 1; size < whole.size(); ++size) {
      const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      error(cut);
      thrown_text<FormatError>([&] { read(gzip(cut)); });
    }
    const Bytes more = Bytes(whole.begin(), whole.end()) + Bytes{0};
    error(more);
    thrown_text<FormatError>([&] { read(gzip(more)); });
    EXPECT_EQ(read(gzip(Bytes(whole.begin(), whole.end()))).sizes(), Shape({2, 3}));
  }
  EXPECT_TRUE(contains(error(npy(kHeader, Bytes(23))),
                       "shape [2, 3] of f4 needs 24 bytes, 23 follow the header"));
}

TEST_F(Npy, SurvivesAnyByteOfItsHeaderBeingAnother) {
  const Bytes good = npy(kHeader);
  for (std::size_t i = 0; i + 24 < good.size(); ++i) {
    for (const int flip : {1, 2, 16, 128}) {
      Bytes bad = good;
      bad[i] = static_cast<std::uint8_t>(bad[i] ^ flip);
      try {
        EXPECT_LE(read(bad).numel(), 24) << i;
      } catch (const FormatError&) {
      }
    }
  }
}

TEST_F(Npy, SaysWhatIsWrongInAHeader) {
  const std::string path = folder_ / "file.npy";
  const auto header = [&](const std::string& text) { return error(npy(text)); };
  const std::string rest = "'fortran_order': False, 'shape': (2, 3)}";
  EXPECT_EQ(header("{'descr': '<f4', " + std::string("'descr': '<f4', ") + rest),
            "npy: " + path + ": header: key 'descr' comes twice at offset 35: expected it once");
  EXPECT_TRUE(contains(header("{" + rest), "a key is missing"));
  EXPECT_TRUE(contains(header("{'type': '<f4', " + rest), "unknown key 'type'"));
  EXPECT_TRUE(contains(header("{'descr': '<f4', " + rest + "x"), "nothing but blanks after '}'"));
  EXPECT_TRUE(contains(header("['descr']"), "\"['descr']\" at offset 10: expected '{'"));
  EXPECT_TRUE(contains(header(""), "end at offset 10"));
  EXPECT_TRUE(contains(header("{'descr': '<f4"), "a closing quote"));
  EXPECT_TRUE(contains(header("{'descr': '=f4', " + rest), "dtype '=f4'"));
  EXPECT_TRUE(contains(header("{'descr': '', " + rest), "dtype ''"));
  const auto shape = [&](const std::string& text) {
    return header("{'descr': '<f4', 'fortran_order': False, 'shape': " + text + "}");
  };
  EXPECT_TRUE(contains(shape("(-1,)"), "a size >= 0"));
  EXPECT_TRUE(contains(shape("(1180591620717411303424,)"), "a size >= 0"));
  EXPECT_TRUE(contains(shape("(3, 'a')"), "a size >= 0"));
  EXPECT_TRUE(contains(shape("(2.5,)"), "',' or ')'"));
  EXPECT_TRUE(contains(shape("(1,1,1,1,1,1,1,1,1)"), "at most 8 dimensions"));
  EXPECT_TRUE(contains(shape("(4294967296, 4294967296)"), "overflows 64 bits"));
  EXPECT_TRUE(contains(shape("(0, 4294967296, 4294967296)"), "overflows 64 bits"));
  EXPECT_TRUE(contains(shape("(1000000000000,)"), "needs 4,000,000,000,000 bytes"));
  Bytes version = npy(kHeader);
  version[6] = 9;
  EXPECT_TRUE(contains(error(version), "format version 9.0 at offset 6"));
  EXPECT_TRUE(contains(error({1, 2, 3, 4, 5, 6, 7, 8, 9}), "not a .npy file"));
}

TEST_F(Npy, ReadsWhatItWrites) {
  for (const DType dtype : {kFloat32, kFloat64, kInt64, kInt32, kUInt8, kBool}) {
    for (const Shape& shape : {Shape{}, Shape{5}, Shape{2, 3}, Shape{0, 3}, Shape{2, 1, 4}}) {
      const Tensor x = arange(numel(shape)).reshape(shape).to(dtype);
      write_npy(folder_ / "x.npy", x);
      const Tensor y = read_npy(folder_ / "x.npy");
      EXPECT_EQ(y.dtype(), dtype);
      EXPECT_EQ(y.sizes(), shape);
      EXPECT_EQ(y.to_vector<double>(), x.to_vector<double>());
    }
  }
  const Tensor grad = rand({3, 2}).requires_grad_();
  write_npy(folder_ / "x.npy", grad.t());
  EXPECT_EQ(read_npy(folder_ / "x.npy").to_vector<float>(), grad.t().to_vector<float>());
}

TEST_F(Npy, WritesTheBytesThatNumPyWrites) {
  const Tensor x = arange(6).reshape({2, 3});
  const std::vector<std::pair<const char*, DType>> same = {{"f4_little", kFloat32},
                                                           {"f8_little", kFloat64},
                                                           {"i4_little", kInt32},
                                                           {"i8_little", kInt64},
                                                           {"u1_little", kUInt8}};
  for (const auto& [name, dtype] : same) {
    write_npy(folder_ / "x.npy", x.to(dtype));
    EXPECT_EQ(contents(folder_ / "x.npy"), contents(kFixtures + name + ".npy")) << name;
  }
  write_npy(folder_ / "x.npy", scalar_tensor(2.5, {.dtype = kFloat64}));
  EXPECT_EQ(contents(folder_ / "x.npy"), contents(kFixtures + "scalar.npy"));
}

TEST_F(Npy, LeavesNothingBehindWhenItCannotWrite) {
  const Tensor x = ones({2});
  EXPECT_TRUE(contains(thrown_text<IoError>([&] { write_npy(folder_ / "none/x.npy", x); }),
                       "none/x.npy: cannot be written: No such file or directory (errno 2)"));
  std::filesystem::create_directory(folder_ / "folder");
  thrown_text<IoError>([&] { write_npy(folder_ / "folder", x); });
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  thrown_text<IoError>([&] { write_npy(folder_ / "pipe", x); });
  thrown_text<ValueError>([&] { write_npy(folder_ / "x.npy", Tensor()); });
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 2);
}

TEST_F(Npy, WritesThroughALinkAndKeepsPermissions) {
  write_npy(folder_ / "x.npy", ones({2}));
  ASSERT_EQ(::chmod((folder_ / "x.npy").c_str(), 0640), 0);
  ASSERT_EQ(::symlink("x.npy", (folder_ / "link").c_str()), 0);
  write_npy(folder_ / "link", zeros({3}));
  EXPECT_TRUE(std::filesystem::is_symlink(folder_ / "link"));
  EXPECT_EQ(read_npy(folder_ / "x.npy").sizes(), Shape({3}));
  struct stat status {};
  ASSERT_EQ(::stat((folder_ / "x.npy").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640U);
}

TEST_F(Npy, NamesAFileThatCannotBeRead) {
  EXPECT_TRUE(contains(thrown_text<IoError>([&] { read_npy(folder_ / "none.npy"); }),
                       "npy: " + folder_.path() + "/none.npy: cannot be opened"));
  thrown_text<IoError>([&] { read_npy(folder_.path()); });
  error({});
}

}  // namespace
}  // namespace tarn::io
