#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include <tarn/tarn.h>

#include "../data/temp_folder.h"
#include "../data/thrown_text.h"

namespace tarn::io {
namespace {

const std::string kFixtures = TARN_SOURCE_DIR "/tests/fixtures/npz/";

Bytes contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class Npz : public ::testing::Test {
 protected:
  std::string error(const Bytes& bytes) {
    const std::string path = folder_.write("x.npz", bytes);
    return thrown_text<FormatError>([&] { read_npz(path); });
  }
  TempFolder folder_;
};

TEST_F(Npz, ReadsWhatNumPyWrites) {
  for (const char* name : {"stored", "deflated", "comment"}) {
    const StateDict arrays = read_npz(kFixtures + name + ".npz");
    ASSERT_EQ(arrays.size(), 3U) << name;
    EXPECT_EQ(arrays.begin()->first, "a");
    EXPECT_EQ(arrays.at("a").to_vector<float>(), (std::vector<float>{0, 1, 2, 3, 4, 5}));
    EXPECT_EQ(arrays.at("a").sizes(), Shape({2, 3}));
    EXPECT_EQ(arrays.at("b").item<std::int64_t>(), 7);
    EXPECT_EQ(arrays.at("b").dtype(), kInt64);
    EXPECT_EQ(arrays.at("c d").sizes(), Shape({0, 3}));
  }
  EXPECT_TRUE(read_npz(kFixtures + "empty.npz").empty());
  EXPECT_EQ(read_npz(kFixtures + "zeros.npz").at("a").numel(), 100'000);
}

TEST_F(Npz, ReadsWhatItWrites) {
  StateDict arrays;
  for (const DType dtype : {kFloat32, kFloat64, kInt64, kInt32, kUInt8, kBool})
    arrays.set(str("folder/", dtype), arange(6).reshape({2, 3}).t().to(dtype));
  arrays.set("große Zahl", scalar_tensor(1e300, {.dtype = kFloat64}));
  arrays.set("empty", zeros({3, 0}));
  arrays.set("long", rand({300, 300}));
  for (const bool compress : {false, true}) {
    write_npz(folder_ / "x.npz", arrays, {.compress = compress});
    const StateDict read = read_npz(folder_ / "x.npz");
    ASSERT_EQ(read.size(), arrays.size());
    auto expected = arrays.begin();
    for (const auto& [name, x] : read) {
      EXPECT_EQ(name, expected->first);
      EXPECT_EQ(x.dtype(), expected->second.dtype());
      EXPECT_EQ(x.sizes(), expected->second.sizes());
      EXPECT_EQ(x.to_vector(), expected->second.to_vector());
      ++expected;
    }
  }
  StateDict flat;
  flat.set("x", zeros({100'000}));
  write_npz(folder_ / "flat.npz", flat, {.compress = true});
  EXPECT_LT(contents(folder_ / "flat.npz").size(), 2000U);
}

TEST_F(Npz, RefusesWhatIsNoArchiveOfArrays) {
  const auto text = [&](const char* name) {
    return thrown_text<FormatError>([&] { read_npz(kFixtures + name + ".npz"); });
  };
  EXPECT_TRUE(contains(text("outside"), "member \"../a.npy\" is absolute, a folder, or leads out"));
  EXPECT_TRUE(contains(text("absolute"), "member \"/a.npy\" is absolute"));
  EXPECT_TRUE(contains(text("folder"), "member \"a/\" is absolute, a folder"));
  EXPECT_TRUE(contains(text("twice"), "member \"a.npy\" comes twice"));
  EXPECT_TRUE(contains(text("text"), "member \"a.txt\": expected a name that ends in .npy"));
  EXPECT_TRUE(contains(text("torch_save"), "this is a file of torch.save: expected one of"));
  EXPECT_TRUE(contains(text("bzip2"), "is packed by method 12: expected 0 (stored) or 8"));
  EXPECT_TRUE(contains(text("longer"), "shape [2, 3] of f4 needs 24 bytes, 25 follow"));
  EXPECT_TRUE(contains(error({1, 2, 3}), "has no directory at its end: not a .npz file"));
  EXPECT_TRUE(contains(error({}), "has no directory"));
  Bytes locked = contents(kFixtures + "stored.npz");
  const std::string directory = "PK\1\2";
  const auto entry = std::search(locked.begin(), locked.end(), directory.begin(), directory.end());
  *(entry + 8) |= 1;
  EXPECT_TRUE(contains(error(locked), "is encrypted"));
}

TEST_F(Npz, NoticesDamage) {
  for (const char* name : {"stored", "deflated"}) {
    const Bytes good = contents(kFixtures + name + ".npz");
    for (std::size_t size = 0; size < good.size(); ++size)
      error(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)));
    // Names, dates and versions may be others, but no element.
    const StateDict expected = read_npz(kFixtures + name + ".npz");
    for (std::size_t i = 0; i < good.size(); ++i) {
      Bytes bad = good;
      bad[i] = static_cast<std::uint8_t>(bad[i] ^ 1 << i % 8);
      try {
        for (const auto& [key, x] : read_npz(folder_.write("x.npz", bad))) {
          if (!expected.contains(key)) continue;
          EXPECT_EQ(x.to_vector(), expected.at(key).to_vector()) << i;
        }
      } catch (const FormatError&) {
      }
    }
  }
  Bytes bad = contents(kFixtures + "stored.npz");
  const std::string magic = "\x93NUMPY";
  auto array =
      std::search(bad.begin(), bad.end(), magic.begin(), magic.end(),
                  [](std::uint8_t a, char b) { return a == static_cast<std::uint8_t>(b); });
  *(array + 128) ^= 1;
  EXPECT_TRUE(contains(error(bad), "member \"a.npy\": has the checksum "));
}

TEST_F(Npz, UnpacksNoMoreThanItSays) {
  Bytes bomb = contents(kFixtures + "zeros.npz");
  const std::string directory = "PK\1\2";
  const auto entry = std::search(bomb.begin(), bomb.end(), directory.begin(), directory.end());
  *(entry + 27) = 0x7f;  // two gigabytes out of less than one kilobyte
  EXPECT_TRUE(contains(error(bomb), "which cannot be 2,1"));
  bomb = contents(kFixtures + "zeros.npz");
  const auto again = std::search(bomb.begin(), bomb.end(), directory.begin(), directory.end());
  *(again + 24) = static_cast<std::uint8_t>(*(again + 24) - 8);
  EXPECT_TRUE(contains(error(bomb), "needs 800,000 bytes, 799,992 follow the header"));
}

TEST_F(Npz, RefusesNamesThatItWouldNotRead) {
  for (const char* name : {"", "/a", "../a", "a\\b", "a//b"}) {
    StateDict arrays;
    arrays.set(name, ones({1}));
    thrown_text<ValueError>([&] { write_npz(folder_ / "x.npz", arrays); });
  }
  StateDict undefined;
  undefined.set("a", Tensor());
  thrown_text<ValueError>([&] { write_npz(folder_ / "x.npz", undefined); });
  EXPECT_FALSE(std::filesystem::exists(folder_ / "x.npz"));
  EXPECT_TRUE(
      contains(thrown_text<IoError>([&] { read_npz(folder_ / "x.npz"); }), "cannot be opened"));
}

}  // namespace
}  // namespace tarn::io
