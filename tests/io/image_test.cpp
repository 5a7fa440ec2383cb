#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include <gtest/gtest.h>
#include <zlib.h>

#include <tarn/io/image.h>
#include <tarn/tensor/error.h>

#include "../data/temp_folder.h"
#include "../data/thrown_text.h"

namespace tarn::io {
namespace {

const std::string kFixtures = TARN_SOURCE_DIR "/tests/fixtures/images/";

Bytes contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Fixture {
  std::string name;
  std::int64_t channels;
  std::int64_t height;
  std::int64_t width;
  std::vector<int> pixels;
};

std::vector<Fixture> fixtures() {
  std::vector<Fixture> all;
  std::ifstream file(kFixtures + "images.txt");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    Fixture fixture;
    words >> fixture.name >> fixture.channels >> fixture.height >> fixture.width;
    fixture.pixels.assign(std::istream_iterator<int>(words), {});
    all.push_back(std::move(fixture));
  }
  return all;
}

void put32(Bytes& bytes, std::size_t at, std::uint32_t value) {
  for (int i = 0; i < 4; ++i)
    bytes[at + static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
}

// The checksum of the chunk at `at` made right again.
void seal(Bytes& png, std::size_t at) {
  const std::size_t length = png[at] << 24 | png[at + 1] << 16 | png[at + 2] << 8 | png[at + 3];
  const auto crc = crc32(0, png.data() + at + 4, static_cast<uInt>(length + 4));
  put32(png, at + 8 + length, static_cast<std::uint32_t>(crc));
}

class Image : public ::testing::Test {
 protected:
  Tensor read(const Bytes& bytes, const ImageOptions& options = {}) {
    return read_image(folder_.write("image", bytes), options);
  }
  std::string error(const Bytes& bytes, const ImageOptions& options = {}) {
    return thrown_text<FormatError>([&] { read(bytes, options); });
  }
  // Reads without a crash; whatever comes out has the file's size.
  void survive(const Bytes& bytes) {
    try {
      EXPECT_EQ(read(bytes).dim(), 3);
    } catch (const FormatError&) {
    }
  }
  TempFolder folder_;
};

TEST_F(Image, ShowsThePixelsThatWereWritten) {
  ASSERT_EQ(fixtures().size(), 29U);
  for (const Fixture& fixture : fixtures()) {
    SCOPED_TRACE(fixture.name);
    const Tensor x = read_image(kFixtures + fixture.name, {.channels = fixture.channels});
    EXPECT_EQ(x.dtype(), kUInt8);
    ASSERT_EQ(x.sizes(), Shape({fixture.channels, fixture.height, fixture.width}));
    const std::vector<int> pixels = x.to_vector<int>();
    // Decoders of JPEG may round differently.
    const int tolerance = fixture.name.ends_with(".jpg") ? 2 : 0;
    for (std::size_t i = 0; i < pixels.size(); ++i)
      ASSERT_NEAR(pixels[i], fixture.pixels[i], tolerance) << i;
  }
}

TEST_F(Image, TurnsGreyIntoColourAndColourIntoGrey) {
  const auto grey = read_image(kFixtures + "grey8.png", {.channels = 1}).to_vector<int>();
  const auto colour = read_image(kFixtures + "grey8.png").to_vector<int>();
  for (std::size_t i = 0; i < colour.size(); ++i) ASSERT_EQ(colour[i], grey[i % grey.size()]);
  const auto rgb = read_image(kFixtures + "rgb8.png").to_vector<int>();
  const auto dim = read_image(kFixtures + "rgb8.png", {.channels = 1}).to_vector<int>();
  for (std::size_t i = 0; i < dim.size(); ++i) {
    const int sum = 77 * rgb[i] + 150 * rgb[i + dim.size()] + 29 * rgb[i + 2 * dim.size()];
    ASSERT_EQ(dim[i], sum / 256);
  }
}

TEST_F(Image, RefusesAFileCutAnywhere) {
  for (const Fixture& fixture : fixtures()) {
    const Bytes whole = contents(kFixtures + fixture.name);
    for (std::size_t size = 0; size < whole.size(); ++size)
      error({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)});
  }
}

TEST_F(Image, FindsEveryFlippedBitOfAPng) {
  for (const char* name : {"rgb8.png", "palette4.png", "grey1_interlaced.png"}) {
    const Bytes whole = contents(kFixtures + name);
    for (std::size_t i = 0; i < whole.size(); ++i) {
      Bytes flipped = whole;
      flipped[i] = static_cast<std::uint8_t>(flipped[i] ^ 1 << i % 8);
      error(flipped);
    }
  }
}

TEST_F(Image, SurvivesAnyByteBeingAnother) {
  for (const char* name : {"bmp4.bmp", "bmp24.bmp", "core.bmp", "baseline.jpg", "progressive.jpg",
                           "grey.jpg", "restart.jpg"}) {
    const Bytes whole = contents(kFixtures + name);
    for (std::size_t i = 0; i < whole.size(); ++i) {
      for (const int flip : {1, 16, 128, 255}) {
        Bytes bad = whole;
        bad[i] = static_cast<std::uint8_t>(bad[i] ^ flip);
        survive(bad);
      }
    }
  }
}

TEST_F(Image, GivesTheSamePixelsOfADamagedJpegOnEveryRun) {
  Bytes bytes = contents(kFixtures + "restart.jpg");
  for (std::size_t i = 0; i + 1 < bytes.size(); ++i) {
    if (bytes[i] == 0xff && bytes[i + 1] >= 0xd0 && bytes[i + 1] <= 0xd7) bytes[i + 1] = 0xd9;
  }
  const auto first = read(bytes).to_vector<int>();
  for (int round = 0; round < 3; ++round) EXPECT_EQ(read(bytes).to_vector<int>(), first);
}

// ---- PNG ----

TEST_F(Image, BoundsAPngBeforeDecodingIt) {
  Bytes png = contents(kFixtures + "rgb8.png");
  constexpr std::size_t kHeader = 8;
  put32(png, kHeader + 8, 0x7fffffff);
  put32(png, kHeader + 12, 0x7fffffff);
  seal(png, kHeader);
  EXPECT_EQ(error(png), "image: " + (folder_ / "image") +
                            ": says 2147483647 x 2147483647 pixels: expected 1..16384 per side, "
                            ".max_side");
  put32(png, kHeader + 8, 16384);
  put32(png, kHeader + 12, 16384);
  seal(png, kHeader);
  EXPECT_TRUE(contains(error(png), "expected at most 67,108,864, .max_pixels"));
  put32(png, kHeader + 8, 8000);
  put32(png, kHeader + 12, 8000);
  seal(png, kHeader);
  EXPECT_TRUE(contains(error(png), "its header promises 192,008,000"));
  put32(png, kHeader + 8, 0);
  seal(png, kHeader);
  EXPECT_TRUE(contains(error(png), "says 0 x 8000 pixels"));
  EXPECT_TRUE(contains(error(contents(kFixtures + "rgb8.png"), {.max_side = 6}), "says 7 x 5"));
  EXPECT_TRUE(contains(error(contents(kFixtures + "rgb8.png"), {.max_pixels = 34}), "says 7 x 5"));
}

TEST_F(Image, RefusesAPngWhosePixelsDoNotFitItsHeader) {
  Bytes png = contents(kFixtures + "rgb8.png");
  put32(png, 8 + 12, 4);
  seal(png, 8);
  EXPECT_TRUE(contains(error(png), "holds more than the 88 bytes of pixels"));
  put32(png, 8 + 12, 6);
  seal(png, 8);
  EXPECT_TRUE(contains(error(png), "holds 110 bytes of pixels, its header promises 132"));
}

TEST_F(Image, SaysWhichChunkOfAPngIsDamaged) {
  Bytes png = contents(kFixtures + "rgb8.png");
  constexpr std::size_t kData = 8 + 25;
  png[kData + 10] ^= 1;
  EXPECT_TRUE(contains(error(png), "CRC of chunk IDAT at offset 33 is "));
  png = contents(kFixtures + "rgb8.png");
  put32(png, kData, 8192);
  EXPECT_TRUE(contains(error(png), "chunk IDAT at offset 33 promises 8,192 bytes"));
  put32(png, kData, 0xffffffff);
  EXPECT_TRUE(contains(error(png), "promises 4,294,967,295 bytes"));
  png = contents(kFixtures + "rgb8.png");
  png[kData + 4] = 'X';
  seal(png, kData);
  EXPECT_TRUE(contains(error(png), "chunk XDAT at offset 33: unknown, and needed to decode"));
  png[kData + 4] = 'i';  // may be left out: then there are too few pixels
  seal(png, kData);
  error(png);
  png = contents(kFixtures + "rgb8.png");
  png[8 + 8 + 9] = 1;
  seal(png, 8);
  EXPECT_TRUE(contains(error(png), "colour type 1"));
}

// ---- JPEG ----

std::size_t find_marker(const Bytes& jpeg, std::uint8_t marker) {
  for (std::size_t i = 0; i + 1 < jpeg.size(); ++i)
    if (jpeg[i] == 0xff && jpeg[i + 1] == marker) return i;
  return jpeg.size();
}

TEST_F(Image, RefusesHuffmanTablesThatDoNotFit) {
  Bytes jpeg = contents(kFixtures + "baseline.jpg");
  const std::size_t table = find_marker(jpeg, 0xc4);
  for (std::size_t i = 0; i < 16; ++i) jpeg[table + 5 + i] = 255;
  EXPECT_TRUE(contains(error(jpeg), "defines 4080 codes: at most 256"));
}

TEST_F(Image, RefusesJpegsOfOtherKinds) {
  const Bytes good = contents(kFixtures + "baseline.jpg");
  const std::size_t frame = find_marker(good, 0xc0);
  const auto with = [&](std::size_t at, std::uint8_t value) {
    Bytes jpeg = good;
    jpeg[at] = value;
    return error(jpeg);
  };
  EXPECT_TRUE(contains(with(frame + 1, 0xc3), "lossless, hierarchical or arithmetic"));
  EXPECT_TRUE(contains(with(frame + 1, 0xc9), "lossless, hierarchical or arithmetic"));
  EXPECT_TRUE(contains(with(frame + 4, 12), "JPEG with 12 bits"));
  EXPECT_TRUE(contains(with(frame + 9, 4), "4 components (CMYK) is not supported"));
  EXPECT_TRUE(contains(with(frame + 5, 0xff), "says 20 x 65297 pixels"));
  EXPECT_TRUE(contains(with(frame + 12, 9), "quantization table 9"));
}

TEST_F(Image, RefusesAJpegThatUsesTablesItDoesNotDefine) {
  for (const std::uint8_t marker : {0xc4, 0xdb}) {
    Bytes jpeg = contents(kFixtures + "baseline.jpg");
    const std::size_t at = find_marker(jpeg, marker);
    jpeg[at + 1] = 0xfe;  // a comment
    EXPECT_TRUE(contains(error(jpeg), "uses a table that was not defined"));
  }
}

// ---- the rest ----

TEST_F(Image, RefusesABmpThatIsShorterThanItsHeaderSays) {
  Bytes bmp = contents(kFixtures + "bmp24.bmp");
  bmp[18] = 200;
  EXPECT_TRUE(contains(error(bmp), "header promises 3,054 bytes, the file has"));
  bmp = contents(kFixtures + "bmp24.bmp");
  bmp[14] = 41;
  EXPECT_TRUE(contains(error(bmp), "BMP header of 41 bytes at offset 14"));
  bmp = contents(kFixtures + "bmp24.bmp");
  bmp[30] = 1;
  EXPECT_TRUE(contains(error(bmp), "compression 1"));
  bmp = contents(kFixtures + "bmp24.bmp");
  for (std::size_t i = 22; i < 26; ++i) bmp[i] = i == 25 ? 0x80 : 0;
  EXPECT_TRUE(contains(error(bmp), "x 2147483648 pixels"));
}

TEST_F(Image, SaysWhatAnUnknownFileLooksLike) {
  EXPECT_TRUE(contains(error({'G', 'I', 'F', '8', '9', 'a', 0}),
                       "looks like GIF: supported are PNG, JPEG and BMP"));
  EXPECT_TRUE(contains(error({'P', '6'}), "is no image, or of an unknown kind"));
  EXPECT_TRUE(contains(error({}), "is empty"));
  EXPECT_TRUE(contains(thrown_text<IoError>([&] { read_image(folder_ / "none.png"); }),
                       "none.png: cannot be opened"));
}

TEST_F(Image, RefusesOptionsThatMakeNoSense) {
  const std::string path = kFixtures + "rgb8.png";
  EXPECT_EQ(thrown_text<ValueError>([&] { read_image(path, {.channels = 4}); }),
            "image: channels = 4: expected 1 or 3");
  thrown_text<ValueError>([&] { read_image(path, {.max_side = 16'385}); });
  thrown_text<ValueError>([&] { read_image(path, {.max_pixels = 0}); });
}

}  // namespace
}  // namespace tarn::io
