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
  ASSERT_EQ(fixtures().size(), 34U);
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
                           "grey.jpg", "restart.jpg", "progressive_subsampled.jpg"}) {
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

// What a JPEG's data say can be damaged without a trace.
TEST_F(Image, GivesTheSamePixelsOfADamagedJpegOnEveryRun) {
  const Bytes whole = contents(kFixtures + "restart.jpg");
  int accepted = 0;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    Bytes bytes = whole;
    bytes[i] ^= 1;
    try {
      const auto first = read(bytes).to_vector<int>();
      EXPECT_EQ(read(bytes).to_vector<int>(), first);
      ++accepted;
    } catch (const FormatError&) {
    }
  }
  EXPECT_GT(accepted, 0);
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
  for (std::size_t i = 0; i < 16; ++i) jpeg[table + 5 + i] = 0;
  jpeg[table + 5] = 3;
  EXPECT_TRUE(contains(error(jpeg), "defines 3 codes of 1 bits: more than there are"));
  jpeg[table + 5] = 0;
  jpeg[table + 5 + 7] = 255;
  jpeg[table + 5 + 8] = 1;
  EXPECT_TRUE(contains(error(jpeg), "defines 256 codes of at most 9 bits"));
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

TEST_F(Image, RefusesAJpegWhoseDataEndBeforeItsLastBlock) {
  for (const Fixture& fixture : fixtures()) {
    if (!fixture.name.ends_with(".jpg")) continue;
    SCOPED_TRACE(fixture.name);
    Bytes jpeg = contents(kFixtures + fixture.name);
    std::size_t scan = 0;  // the last one's data
    for (std::size_t i = 0; i + 1 < jpeg.size(); ++i)
      if (jpeg[i] == 0xff && jpeg[i + 1] == 0xda) scan = i + 4 + jpeg[i + 3];
    while (jpeg.size() > scan + 2) {
      jpeg.erase(jpeg.end() - 3);
      error(jpeg);
    }
  }
}

TEST_F(Image, ReadsOnlyZerosBehindTheLastBlockOfAJpeg) {
  const Bytes jpeg = contents(kFixtures + "baseline.jpg");
  Bytes longer = jpeg;
  longer.insert(longer.end() - 2, 9, 0);
  EXPECT_EQ(read(longer).to_vector<int>(), read(jpeg).to_vector<int>());
  longer[longer.size() - 4] = 1;
  EXPECT_TRUE(contains(error(longer), "its data go on behind the last MCU; damaged"));
}

TEST_F(Image, RefusesAJpegWithoutItsRestartMarkers) {
  const Bytes jpeg = contents(kFixtures + "restart.jpg");
  const std::size_t marker = find_marker(jpeg, 0xd1);
  ASSERT_LT(marker, jpeg.size());
  for (const std::uint8_t other : {0xd0, 0xd2, 0xd9}) {
    Bytes bad = jpeg;
    bad[marker + 1] = other;
    EXPECT_TRUE(contains(error(bad), "its data end without the restart marker due; damaged"));
  }
  Bytes bad = jpeg;
  bad.erase(bad.begin() + static_cast<std::ptrdiff_t>(marker),
            bad.begin() + static_cast<std::ptrdiff_t>(marker) + 2);
  EXPECT_TRUE(contains(error(bad), "do not end where a restart marker should be; damaged"));
  bad = jpeg;
  bad.insert(bad.begin() + static_cast<std::ptrdiff_t>(marker), 3, 0xff);  // may fill up space
  EXPECT_EQ(read(bad).to_vector<int>(), read(jpeg).to_vector<int>());
}

// A scan of the made-up files below: which coefficients and bits it has, and its data as text.
struct MadeUpScan {
  std::uint8_t start;
  std::uint8_t end;
  std::uint8_t approximation;
  std::string bits;
};

// Grey, 8 pixels high. Each table's codes are 0000, 0001, ... for the symbols in this order: DC 0,
// 1, 15; AC 0, 1, 2, 3, 0x10, 0xf0.
Bytes made_up_jpeg(bool progressive, std::uint8_t width, const std::vector<MadeUpScan>& scans) {
  Bytes jpeg = {0xff, 0xd8, 0xff, 0xdb, 0, 67, 0};
  jpeg.insert(jpeg.end(), 64, 1);
  const auto append = [&](const Bytes& bytes) {
    jpeg.insert(jpeg.end(), bytes.begin(), bytes.end());
  };
  append({0xff, 0xc4, 0, 22, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 15});
  append({0xff, 0xc4, 0, 25, 0x10, 0, 0, 0, 6, 0, 0, 0,    0,   0,
          0,    0,    0, 0,  0,    0, 0, 0, 1, 2, 3, 0x10, 0xf0});
  const std::uint8_t frame = progressive ? 0xc2 : 0xc0;
  append({0xff, frame, 0, 11, 8, 0, 8, 0, width, 1, 7, 0x11, 0});
  for (const MadeUpScan& scan : scans) {
    append({0xff, 0xda, 0, 8, 1, 7, 0, scan.start, scan.end, scan.approximation});
    std::string bits;
    for (const char c : scan.bits)
      if (c != ' ') bits += c;
    while (bits.size() % 8 != 0) bits += '1';
    for (std::size_t i = 0; i < bits.size(); i += 8) {
      const auto byte = static_cast<std::uint8_t>(std::stoi(bits.substr(i, 8), nullptr, 2));
      append({byte});
      if (byte == 0xff) append({0});
    }
  }
  append({0xff, 0xd9});
  return jpeg;
}

TEST_F(Image, RefusesBlocksThatAJpegCannotHave) {
  const auto sequential = [&](std::uint8_t width, const std::string& bits) {
    return made_up_jpeg(false, width, {{0, 63, 0, bits}});
  };
  // DC 0, end of block; DC 1, AC 1 = -1, end of block.
  EXPECT_EQ(read(sequential(16, "0000 0000 0001 1 0001 0 0000")).sizes(), Shape({3, 8, 16}));
  EXPECT_TRUE(contains(error(sequential(16, "0000 0000 0001 1 0001 0 1110")),
                       "MCU 1, near offset 148: a code that the Huffman table does not have"));
  EXPECT_TRUE(contains(error(sequential(24, "0000 0000 0001 1 0001 0 0000")),
                       "MCU 2, near offset 148: a code that the Huffman table does not have"));
  const std::string largest = "0010 111111111111111 0000";
  EXPECT_EQ(read(sequential(8, largest)).sizes(), Shape({3, 8, 8}));
  EXPECT_TRUE(contains(error(sequential(16, largest + largest)),
                       "coefficient 65534 does not fit into 16 bits"));
  EXPECT_TRUE(contains(error(sequential(8, "0000 0101 0101 0101 0101")),
                       "coefficient 64 behind 63, the last one"));
  EXPECT_TRUE(contains(error(sequential(8, "0000 0100 0")), "only progressive scans have"));
}

TEST_F(Image, RefusesProgressiveScansThatDoNotFitTheOthers) {
  const auto progressive = [&](std::vector<MadeUpScan> scans) {
    return made_up_jpeg(true, 16, scans);
  };
  const MadeUpScan dc{0, 0, 0x01, "0000 0000"};
  const MadeUpScan ac{1, 5, 0x01, "0001 1 0000 0000"};
  // A correction, then a new coefficient behind it; the second block has none.
  EXPECT_EQ(
      read(progressive({dc, ac, {0, 0, 0x10, "01"}, {1, 5, 0x10, "0001 1 0 0000 0000"}})).sizes(),
      Shape({3, 8, 16}));
  EXPECT_TRUE(contains(error(progressive({ac})), "refines what component 7 does not have yet"));
  EXPECT_TRUE(contains(error(progressive({dc, dc})), "repeats what component 7 has"));
  EXPECT_TRUE(contains(error(progressive({dc, {1, 5, 0, "0100 1"}})),
                       "it ends a block that there is none of"));
  EXPECT_TRUE(contains(error(progressive({dc, {1, 5, 0, "0101"}})), "behind 5, the last one"));
  EXPECT_TRUE(contains(error(progressive({dc, {1, 5, 0x0d, "0011 111"}})),
                       "coefficient 7 does not fit into 16 bits"));
  EXPECT_TRUE(
      contains(error(progressive({dc, ac, {1, 5, 0x10, "0010"}})), "a correction of 2 bits"));
  EXPECT_TRUE(contains(error(progressive({dc, ac, {1, 5, 0x10, "0101"}})),
                       "a coefficient behind 5, the last one"));
  EXPECT_TRUE(contains(error(progressive({dc, ac, {1, 5, 0x10, "0000"}})),
                       "a code that the Huffman table does not have"));
  for (const MadeUpScan& scan :
       {MadeUpScan{0, 5, 0, ""}, {5, 1, 0, ""}, {1, 64, 0, ""}, {1, 5, 0x0e, ""}, {1, 5, 0xe0, ""}})
    EXPECT_TRUE(contains(error(progressive({dc, scan})), "not in the JPEG format"));
}

TEST_F(Image, BoundsTheScansOfAJpeg) {
  std::vector<MadeUpScan> scans(100, {0, 0, 0x10, "00"});
  scans[0] = {0, 0, 0x01, "0000 0000"};
  EXPECT_EQ(read(made_up_jpeg(true, 16, scans)).sizes(), Shape({3, 8, 16}));
  scans.push_back(scans.back());
  EXPECT_TRUE(contains(error(made_up_jpeg(true, 16, scans)), "JPEG with more than 100 scans"));
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
