#include <cerrno>
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <tarn/data/idx.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/pool.h>

#include "temp_folder.h"
#include "thrown_text.h"

namespace tarn::data {
using ::operator+;

namespace {

const Bytes kSix = {1, 2, 3, 4, 250, 255};

class Idx : public ::testing::Test {
 protected:
  Tensor read(const Bytes& bytes) { return read_idx(folder_.write("file", bytes)); }
  template <class E>
  std::string error(const Bytes& bytes) {
    return thrown_text<E>([&] { read(bytes); });
  }

  TempFolder folder_;
};

TEST_F(Idx, ReadsUnsignedBytes) {
  const Tensor x = read(idx_bytes(0x08, {2, 3}, kSix));
  EXPECT_EQ(x.dtype(), kUInt8);
  EXPECT_EQ(x.sizes(), Shape({2, 3}));
  EXPECT_EQ(x.to_vector<int>(), (std::vector<int>{1, 2, 3, 4, 250, 255}));
}

TEST_F(Idx, WidensSignedBytes) {
  const Tensor x = read(idx_bytes(0x09, {5}, {0, 1, 127, 128, 255}));
  EXPECT_EQ(x.dtype(), kInt32);
  EXPECT_EQ(x.to_vector<int>(), (std::vector<int>{0, 1, 127, -128, -1}));
}

TEST_F(Idx, WidensShorts) {
  const Tensor x = read(idx_bytes(0x0b, {4}, {0x01, 0x02, 0x7f, 0xff, 0x80, 0x00, 0xff, 0xfe}));
  EXPECT_EQ(x.dtype(), kInt32);
  EXPECT_EQ(x.to_vector<int>(), (std::vector<int>{0x0102, 32767, -32768, -2}));
}

TEST_F(Idx, ReadsBigEndianInts) {
  const Tensor x = read(idx_bytes(0x0c, {2}, {0x01, 0x02, 0x03, 0x04, 0xff, 0xff, 0xff, 0xfd}));
  EXPECT_EQ(x.dtype(), kInt32);
  EXPECT_EQ(x.to_vector<int>(), (std::vector<int>{0x01020304, -3}));
}

TEST_F(Idx, ReadsBigEndianFloats) {
  const Tensor x = read(idx_bytes(0x0d, {2}, {0x3f, 0x80, 0, 0, 0xc0, 0x49, 0x0f, 0xdb}));
  EXPECT_EQ(x.dtype(), kFloat32);
  EXPECT_EQ(x.to_vector<float>(), (std::vector<float>{1.0F, -3.14159274F}));
}

TEST_F(Idx, ReadsBigEndianDoubles) {
  const Tensor x = read(idx_bytes(0x0e, {1}, {0x40, 0x09, 0x21, 0xfb, 0x54, 0x44, 0x2d, 0x18}));
  EXPECT_EQ(x.dtype(), kFloat64);
  EXPECT_EQ(x.item(), 3.141592653589793);
}

TEST_F(Idx, WidensManyElementsInPlace) {
  Bytes payload;
  std::vector<int> expected;
  for (int i = 0; i < 10'000; ++i) {
    const auto value = static_cast<std::int16_t>(i * 7919);
    payload.push_back(static_cast<std::uint8_t>(static_cast<std::uint16_t>(value) >> 8));
    payload.push_back(static_cast<std::uint8_t>(value));
    expected.push_back(value);
  }
  EXPECT_EQ(read(idx_bytes(0x0b, {100, 100}, payload)).to_vector<int>(), expected);
}

TEST_F(Idx, ReadsRankOneAndEight) {
  EXPECT_EQ(read(idx_bytes(0x08, {6}, kSix)).sizes(), Shape({6}));
  EXPECT_EQ(read(idx_bytes(0x08, {1, 1, 2, 1, 3, 1, 1, 1}, kSix)).sizes(),
            Shape({1, 1, 2, 1, 3, 1, 1, 1}));
}

TEST_F(Idx, ReadsEmptyArrays) {
  const Tensor x = read(idx_bytes(0x08, {0, 28, 28}, {}));
  EXPECT_EQ(x.sizes(), Shape({0, 28, 28}));
  EXPECT_EQ(x.numel(), 0);
}

TEST_F(Idx, ReadsGzipByItsContentsAndNotItsName) {
  const Bytes plain = idx_bytes(0x08, {2, 3}, kSix);
  const std::vector<int> expected = {1, 2, 3, 4, 250, 255};
  EXPECT_EQ(read_idx(folder_.write("packed", gzip(plain))).to_vector<int>(), expected);
  EXPECT_EQ(read_idx(folder_.write("plain.gz", plain)).to_vector<int>(), expected);
}

TEST_F(Idx, ReadsSeveralGzipMembersAsOneFile) {
  const Bytes plain = idx_bytes(0x08, {2, 3}, kSix);
  for (std::size_t cut = 0; cut <= plain.size(); ++cut) {
    const auto middle = plain.begin() + static_cast<std::ptrdiff_t>(cut);
    const Bytes packed =
        gzip(Bytes(plain.begin(), middle)) + gzip({}) + gzip(Bytes(middle, plain.end()));
    EXPECT_EQ(read(packed).to_vector<int>(), (std::vector<int>{1, 2, 3, 4, 250, 255}))
        << "cut at " << cut;
  }
}

TEST_F(Idx, ReadsGzipLongerThanItsBuffers) {
  Bytes payload(300'000);
  std::uint32_t state = 1;
  for (auto& byte : payload)
    byte = static_cast<std::uint8_t>((state = state * 1664525 + 1013904223) >> 24);
  const Bytes packed = gzip(idx_bytes(0x08, {300, 1000}, payload));
  ASSERT_GT(packed.size(), 3U * 65'536);
  EXPECT_EQ(read(packed).to_vector<std::uint8_t>(), payload);
}

// ---- ugly files ----

TEST_F(Idx, RefusesWhatIsNoIdxFile) {
  const std::string html = "<!DOCTYPE html>";
  const std::string text = error<FormatError>(Bytes(html.begin(), html.end()));
  EXPECT_TRUE(contains(text, "starts with 3c 21 44 4f (\"<!DO\"): not an IDX file"));
  EXPECT_TRUE(contains(text, "an HTML page saved by a failed download?"));
  EXPECT_TRUE(contains(text, "scripts/get_mnist.sh"));
  EXPECT_TRUE(
      contains(error<FormatError>({0x89, 'P', 'N', 'G', 0x0d, 0x0a}), "89 50 4e 47 (\".PNG\")"));
  EXPECT_TRUE(contains(error<FormatError>(gzip({1, 2, 3, 4, 5})), "01 02 03 04"));
}

TEST_F(Idx, RefusesUnknownTypeCodes) {
  for (int code = 0; code < 256; ++code) {
    if (code == 0x08 || code == 0x09 || (code >= 0x0b && code <= 0x0e)) continue;
    error<FormatError>(idx_bytes(static_cast<std::uint8_t>(code), {1}, Bytes(8)));
  }
  EXPECT_TRUE(contains(error<FormatError>(idx_bytes(0x0a, {6}, kSix)),
                       "unknown type code 0x0a at offset 2: expected 08, 09, 0b, 0c, 0d or 0e"));
}

TEST_F(Idx, RefusesRanksOutOfRange) {
  EXPECT_TRUE(
      contains(error<FormatError>(idx_bytes(0x08, {}, kSix)), "rank 0 at offset 3: expected 1..8"));
  EXPECT_TRUE(contains(error<FormatError>(idx_bytes(0x08, std::vector<std::uint32_t>(9, 1), {1})),
                       "rank 9 at offset 3: expected 1..8"));
}

TEST_F(Idx, RefusesDimensionsThatOverflow) {
  const std::string text = error<FormatError>(idx_bytes(0x08, {65536, 65536, 65536, 65536}, kSix));
  EXPECT_TRUE(contains(text, "dimensions 65536 x 65536 x 65536 x 65536 overflow 64 bits"));
  const std::uint32_t most = 0xffffffff;
  error<FormatError>(idx_bytes(0x0e, {most, 0x40000000}, kSix));
  error<FormatError>(idx_bytes(0x09, {most, 0x40000000}, kSix));
  error<FormatError>(idx_bytes(0x08, {0, most, most, most}, {}));
  error<FormatError>(idx_bytes(0x08, std::vector<std::uint32_t>(8, most), {}));
}

TEST_F(Idx, RefusesShortPayloadsBeforeAllocating) {
  empty_cache();
  const std::uint64_t before = memory_stats().bytes_reserved;
  EXPECT_TRUE(contains(
      error<FormatError>(idx_bytes(0x08, {60000, 28, 28}, kSix)),
      "header promises 60000 x 28 x 28 = 47,040,000 bytes, the file has 6; download it again"));
  EXPECT_TRUE(contains(error<FormatError>(idx_bytes(0x0d, {2}, kSix)),
                       "promises 2 x 4 = 8 bytes, the file has 6"));
  error<FormatError>(idx_bytes(0x08, {0xffffffff, 0x7fffffff}, kSix));
  EXPECT_EQ(memory_stats().bytes_reserved, before);
}

TEST_F(Idx, RefusesGzipTooSmallForItsPromiseBeforeAllocating) {
  empty_cache();
  const std::uint64_t before = memory_stats().bytes_reserved;
  const std::string text = error<FormatError>(gzip(idx_bytes(0x08, {60000, 28, 28}, kSix)));
  EXPECT_TRUE(contains(text,
                       "header promises 60000 x 28 x 28 = 47,040,000 bytes, a gzip file of this "
                       "size holds at most"));
  EXPECT_EQ(memory_stats().bytes_reserved, before);
}

TEST_F(Idx, RefusesGzipThatEndsWellButHoldsTooLittle) {
  EXPECT_TRUE(contains(error<FormatError>(gzip(idx_bytes(0x08, {7}, kSix))),
                       "header promises 7 = 7 bytes, the gzip stream has 6"));
}

TEST_F(Idx, RefusesTrailingBytes) {
  EXPECT_TRUE(contains(error<FormatError>(idx_bytes(0x08, {2, 3}, kSix) + Bytes(17)),
                       "17 bytes after the promised 6: corrupt, or two files concatenated"));
}

TEST_F(Idx, StopsAtAGzipBomb) {
  const Bytes bomb = gzip(idx_bytes(0x08, {2, 3}, kSix) + Bytes(50'000'000));
  ASSERT_LT(bomb.size(), 60'000U);
  empty_cache();
  const std::uint64_t before = memory_stats().bytes_reserved;
  EXPECT_TRUE(
      contains(error<FormatError>(bomb), "gzip holds more than the 18 bytes the header promises"));
  EXPECT_LT(memory_stats().bytes_reserved - before, 1'000'000U);
}

TEST_F(Idx, NamesBothChecksums) {
  Bytes packed = gzip(idx_bytes(0x08, {2, 3}, kSix));
  const std::size_t crc = packed.size() - 8;
  const auto stored = [&] {
    std::string text;
    for (std::size_t i = 4; i-- > 0;) {
      text += "0123456789abcdef"[packed[crc + i] / 16];
      text += "0123456789abcdef"[packed[crc + i] % 16];
    }
    return text;
  };
  const std::string right = stored();
  packed[crc + 1] ^= 0x10;
  EXPECT_TRUE(contains(error<FormatError>(packed),
                       "gzip check failed (stored " + stored() + ", computed " + right + ")"));
}

TEST_F(Idx, NamesBothLengths) {
  Bytes packed = gzip(idx_bytes(0x08, {2, 3}, kSix));
  packed[packed.size() - 4] ^= 1;
  EXPECT_TRUE(
      contains(error<FormatError>(packed), "gzip check failed (stored length 19, unpacked 18)"));
}

TEST_F(Idx, RefusesRubbishBehindGzip) {
  error<FormatError>(gzip(idx_bytes(0x08, {2, 3}, kSix)) + Bytes{0x1f});
  error<FormatError>(gzip(idx_bytes(0x08, {2, 3}, kSix)) + Bytes(100));
}

TEST_F(Idx, ReportsWhereGzipEndsEarly) {
  Bytes packed = gzip(idx_bytes(0x08, {2, 3}, kSix));
  packed.resize(packed.size() - 9);
  EXPECT_TRUE(contains(error<FormatError>(packed), " of 18 bytes; download it again"));
  EXPECT_TRUE(contains(error<FormatError>(packed), "gzip stream ends early after "));
}

TEST_F(Idx, RefusesEveryTruncation) {
  const Bytes plain = idx_bytes(0x0b, {3}, kSix);
  for (const Bytes& whole : {plain, gzip(plain), gzip(plain) + gzip({})}) {
    ASSERT_EQ(read(whole).numel(), 3);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      if (size == gzip(plain).size()) continue;  // the first member alone is a whole file
      SCOPED_TRACE(size);
      error<FormatError>(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
    }
  }
}

TEST_F(Idx, NoticesEveryDamagedByteOfGzip) {
  const Bytes packed = gzip(idx_bytes(0x0b, {3}, kSix));
  const std::vector<int> expected = read(packed).to_vector<int>();
  for (std::size_t i = 0; i < packed.size(); ++i) {
    SCOPED_TRACE(i);
    Bytes damaged = packed;
    damaged[i] ^= 0xff;
    // Time, extra flags and operating system say nothing about the contents.
    if (i >= 4 && i <= 9) {
      EXPECT_EQ(read(damaged).to_vector<int>(), expected);
    } else {
      error<FormatError>(damaged);
    }
  }
}

TEST_F(Idx, NeverGivesWrongElementsForAFlippedBitOfGzip) {
  const Bytes packed = gzip(idx_bytes(0x08, {2, 3}, kSix));
  const std::vector<int> expected = read(packed).to_vector<int>();
  int refused = 0;
  for (std::size_t bit = 0; bit < 8 * packed.size(); ++bit) {
    Bytes damaged = packed;
    damaged[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    try {
      EXPECT_EQ(read(damaged).to_vector<int>(), expected) << "bit " << bit;
    } catch (const FormatError&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, static_cast<int>(8 * (packed.size() - 12)));
}

TEST_F(Idx, SaysWhatIsWrongWithThePath) {
  const std::string missing = folder_ / "missing";
  EXPECT_TRUE(
      contains(thrown_text<IoError>([&] { read_idx(missing); }), missing + ": cannot be opened"));
  EXPECT_TRUE(contains(thrown_text<IoError>([&] { read_idx(missing); }), "(errno 2)"));
  EXPECT_TRUE(contains(thrown_text<IoError>([&] { read_idx(folder_.path()); }), "is a directory"));
  EXPECT_TRUE(contains(error<FormatError>({}), "is empty"));
  const std::string pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_TRUE(contains(thrown_text<IoError>([&] { read_idx(pipe); }), "is not a regular file"));
  EXPECT_TRUE(
      contains(thrown_text<IoError>([&] { read_idx("/dev/zero"); }), "is not a regular file"));
  EXPECT_TRUE(contains(thrown_text<IoError>([&] { read_idx(folder_.write("f", kSix) + "/below"); }),
                       "(errno 20)"));
}

TEST_F(Idx, KeepsPathAndErrnoInTheException) {
  const std::string missing = folder_ / "missing";
  try {
    read_idx(missing);
    FAIL();
  } catch (const IoError& error) {
    EXPECT_EQ(error.path, missing);
    EXPECT_EQ(error.error_number, ENOENT);
  }
}

// A child gives up its rights, since root may read everything.
TEST_F(Idx, ReportsAFileThatMayNotBeRead) {
  const std::string path = folder_.write("secret", idx_bytes(0x08, {6}, kSix));
  ASSERT_EQ(::chmod(path.c_str(), 0), 0);
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(3);
    try {
      read_idx(path);
    } catch (const IoError& error) {
      ::_exit(error.error_number == EACCES && contains(error.what(), "(errno 13)") ? 0 : 1);
    } catch (...) {
      ::_exit(2);
    }
    ::_exit(4);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(Idx, OpensNoFileForGood) {
  const auto lowest_free = [] {
    const int number = ::dup(0);
    ::close(number);
    return number;
  };
  const int before = lowest_free();
  read(gzip(idx_bytes(0x08, {2, 3}, kSix)));
  error<FormatError>({1});
  error<FormatError>({});
  thrown_text<IoError>([&] { read_idx(folder_.path()); });
  EXPECT_EQ(lowest_free(), before);
}

}  // namespace
}  // namespace tarn::data
