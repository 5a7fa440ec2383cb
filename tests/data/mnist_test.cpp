#include <limits>
#include <numeric>
#include <string>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <tarn/data/mnist.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/parallel.h>

#include "temp_folder.h"
#include "thrown_text.h"

namespace tarn::data {
namespace {

constexpr std::uint32_t kSide = 28;

// Pixel p of image i is (31 i + p) mod 256.
Bytes pixels(std::uint32_t count) {
  Bytes bytes;
  for (std::uint32_t i = 0; i < count; ++i) {
    for (std::uint32_t p = 0; p < kSide * kSide; ++p)
      bytes.push_back(static_cast<std::uint8_t>(31 * i + p));
  }
  return bytes;
}

Bytes image_file(std::uint32_t count) {
  return idx_bytes(0x08, {count, kSide, kSide}, pixels(count));
}

// Label i is i mod 10.
Bytes label_file(std::uint32_t count) {
  Bytes labels;
  for (std::uint32_t i = 0; i < count; ++i) labels.push_back(static_cast<std::uint8_t>(i % 10));
  return idx_bytes(0x08, {count}, labels);
}

void write_pair(const TempFolder& folder, const std::string& prefix, std::uint32_t count) {
  folder.write(prefix + "-images-idx3-ubyte", image_file(count));
  folder.write(prefix + "-labels-idx1-ubyte", label_file(count));
}

std::string error_of(const TempFolder& folder) {
  return thrown_text<FormatError>([&] { MNIST train(folder.path()); });
}

TEST(MNIST, NormalisesFlatImages) {
  const TempFolder folder;
  write_pair(folder, "train", 12);
  const MNIST train(folder.path(), {.train = true});
  ASSERT_EQ(train.size(), 12);
  const std::vector<std::int64_t> indices = {11, 0, 11, 5};
  const Batch batch = train.get_batch(indices);
  EXPECT_EQ(batch.data.sizes(), Shape({4, 784}));
  EXPECT_EQ(batch.data.dtype(), kFloat32);
  EXPECT_EQ(batch.target.dtype(), kInt64);
  EXPECT_EQ(batch.target.to_vector<int>(), (std::vector<int>{1, 0, 1, 5}));
  const std::vector<double> values = batch.data.to_vector<double>();
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t p = 0; p < 784; ++p) {
      const double pixel =
          static_cast<double>((31 * static_cast<std::size_t>(indices[i]) + p) % 256);
      ASSERT_NEAR(values[784 * i + p], (pixel / 255 - 0.1307) / 0.3081, 4e-7) << i << " " << p;
    }
  }
}

TEST(MNIST, GivesOneExample) {
  const TempFolder folder;
  write_pair(folder, "train", 3);
  const MNIST flat(folder.path());
  const MNIST square(folder.path(), {.flatten = false});
  EXPECT_EQ(flat.get(2).data.sizes(), Shape({784}));
  EXPECT_EQ(square.get(2).data.sizes(), Shape({1, 28, 28}));
  EXPECT_EQ(flat.get(2).target.sizes(), Shape({}));
  EXPECT_EQ(flat.get(2).target.item<int>(), 2);
  const std::vector<std::int64_t> two = {2};
  EXPECT_EQ(flat.get(2).data.to_vector<float>(), flat.get_batch(two).data.to_vector<float>());
  EXPECT_EQ(square.get(2).data.to_vector<float>(), flat.get(2).data.to_vector<float>());
}

TEST(MNIST, TakesOtherMeansAndDeviations) {
  const TempFolder folder;
  write_pair(folder, "train", 1);
  const MNIST plain(folder.path(), {.mean = 0, .std = 1});
  const std::vector<float> values = plain.get(0).data.to_vector<float>();
  EXPECT_EQ(values[0], 0.0F);
  EXPECT_NEAR(values[255], 1.0F, 1e-7);
  EXPECT_EQ(plain.options().mean, 0);
}

TEST(MNIST, ShowsItsPixelsAndTargets) {
  const TempFolder folder;
  write_pair(folder, "t10k", 12);
  const MNIST test(folder.path(), {.train = false});
  EXPECT_EQ(test.images().sizes(), Shape({12, 28, 28}));
  EXPECT_EQ(test.images().dtype(), kUInt8);
  EXPECT_EQ(test.images().to_vector<std::uint8_t>(), pixels(12));
  EXPECT_EQ(test.targets().dtype(), kInt64);
  EXPECT_EQ(test.targets().to_vector<int>(),
            (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1}));
}

TEST(MNIST, FindsEverySpellingInEveryFolder) {
  for (const std::string place : {"", "MNIST/raw/", "raw/"}) {
    for (const std::string separator : {"-", "."}) {
      for (const bool packed : {false, true}) {
        const TempFolder folder;
        const std::string suffix = packed ? ".gz" : "";
        const auto stored = [&](const Bytes& bytes) { return packed ? gzip(bytes) : bytes; };
        folder.write(place + "train-images" + separator + "idx3-ubyte" + suffix,
                     stored(image_file(4)));
        folder.write(place + "train-labels" + separator + "idx1-ubyte" + suffix,
                     stored(label_file(4)));
        EXPECT_EQ(MNIST(folder.path()).size(), 4) << place << separator << suffix;
      }
    }
  }
}

TEST(MNIST, ReadsTheSampleOfTheRepository) {
  const MNIST train(TARN_SOURCE_DIR "/data/mnist-sample");
  const MNIST test(TARN_SOURCE_DIR "/data/mnist-sample", {.train = false});
  EXPECT_EQ(train.size(), 2000);
  EXPECT_EQ(test.size(), 500);
  // The first digits of MNIST.
  const std::vector<int> train_labels = train.targets().to_vector<int>();
  const std::vector<int> test_labels = test.targets().to_vector<int>();
  EXPECT_EQ(std::vector<int>(train_labels.begin(), train_labels.begin() + 8),
            (std::vector<int>{5, 0, 4, 1, 9, 2, 1, 3}));
  EXPECT_EQ(std::vector<int>(test_labels.begin(), test_labels.begin() + 8),
            (std::vector<int>{7, 2, 1, 0, 4, 1, 4, 9}));
  std::vector<std::int64_t> all(2000);
  std::iota(all.begin(), all.end(), 0);
  const std::vector<double> values = train.get_batch(all).data.to_vector<double>();
  double sum = 0;
  double squares = 0;
  for (const double value : values) {
    sum += value;
    squares += value * value;
  }
  const double mean = sum / static_cast<double>(values.size());
  EXPECT_NEAR(mean, 0, 0.02);
  EXPECT_NEAR(squares / static_cast<double>(values.size()) - mean * mean, 1, 0.02);
}

TEST(MNIST, GivesTheSameBitsForAnyNumberOfThreads) {
  const TempFolder folder;
  write_pair(folder, "train", 600);
  const MNIST train(folder.path());
  std::vector<std::int64_t> all(600);
  std::iota(all.rbegin(), all.rend(), 0);
  const int before = get_num_threads();
  set_num_threads(1);
  const std::vector<float> one = train.get_batch(all).data.to_vector<float>();
  set_num_threads(3);
  EXPECT_EQ(train.get_batch(all).data.to_vector<float>(), one);
  set_num_threads(before);
}

TEST(MNIST, AcceptsNoExamplesAtAll) {
  const TempFolder folder;
  write_pair(folder, "train", 0);
  const MNIST train(folder.path());
  EXPECT_EQ(train.size(), 0);
  EXPECT_EQ(train.get_batch({}).data.sizes(), Shape({0, 784}));
  EXPECT_TRUE(
      contains(thrown_text<IndexError>([&] { train.get(0); }), "mnist: index 0 is out of range"));
}

TEST(MNIST, RefusesIndicesOutOfRange) {
  const TempFolder folder;
  write_pair(folder, "train", 3);
  const MNIST train(folder.path());
  EXPECT_EQ(thrown_text<IndexError>([&] { train.get(3); }),
            "mnist: index 3 is out of range: expected 0..2");
  thrown_text<IndexError>([&] { train.get(-1); });
  thrown_text<IndexError>([&] {
    train.get_batch(std::vector<std::int64_t>{0, 1, std::numeric_limits<std::int64_t>::max()});
  });
}

// ---- ugly folders and files ----

TEST(MNIST, ListsEveryPathTried) {
  const TempFolder folder;
  const std::string text = thrown_text<IoError>([&] { MNIST train(folder.path()); });
  for (const std::string place : {"/", "/MNIST/raw/", "/raw/"}) {
    for (const std::string name :
         {"train-images-idx3-ubyte", "train-images-idx3-ubyte.gz", "train-images.idx3-ubyte",
          "train-images.idx3-ubyte.gz", "train-labels-idx1-ubyte", "train-labels-idx1-ubyte.gz",
          "train-labels.idx1-ubyte", "train-labels.idx1-ubyte.gz"}) {
      EXPECT_TRUE(contains(text, folder.path() + place + name));
    }
  }
  EXPECT_TRUE(contains(text, "scripts/get_mnist.sh"));
  EXPECT_TRUE(contains(thrown_text<IoError>([] { MNIST train("/nowhere/at/all"); }),
                       "/nowhere/at/all/raw/train-labels"));
}

TEST(MNIST, NamesOnlyTheFileThatIsMissing) {
  const TempFolder folder;
  folder.write("train-images-idx3-ubyte", image_file(2));
  folder.write("t10k-labels-idx1-ubyte", label_file(2));
  const std::string train = thrown_text<IoError>([&] { MNIST set(folder.path()); });
  EXPECT_TRUE(contains(train, "training labels not found"));
  EXPECT_FALSE(contains(train, "images"));
  const std::string test =
      thrown_text<IoError>([&] { MNIST set(folder.path(), {.train = false}); });
  EXPECT_TRUE(contains(test, "test images not found"));
  EXPECT_FALSE(contains(test, "labels"));
}

TEST(MNIST, DoesNotMixFolders) {
  const TempFolder folder;
  folder.write("train-images-idx3-ubyte", image_file(2));
  folder.write("raw/train-labels-idx1-ubyte", label_file(2));
  EXPECT_TRUE(contains(thrown_text<IoError>([&] { MNIST set(folder.path()); }),
                       "lie in different folders"));
  folder.write("raw/train-images-idx3-ubyte", image_file(2));
  EXPECT_EQ(MNIST(folder.path()).size(), 2);
}

TEST(MNIST, NoticesSwappedFiles) {
  const TempFolder folder;
  folder.write("train-images-idx3-ubyte", label_file(2));
  folder.write("train-labels-idx1-ubyte", image_file(2));
  EXPECT_TRUE(
      contains(error_of(folder),
               "train-images-idx3-ubyte: bytes 0-3 are 00 00 08 01 (1-d uint8: labels): expected "
               "00 00 08 03 (3-d uint8: images); are the two files swapped?"));
  folder.write("train-images-idx3-ubyte", image_file(2));
  EXPECT_TRUE(contains(error_of(folder),
                       "train-labels-idx1-ubyte: bytes 0-3 are 00 00 08 03 (3-d uint8: images)"));
}

TEST(MNIST, RefusesOtherElementTypes) {
  const TempFolder folder;
  folder.write("train-images-idx3-ubyte", idx_bytes(0x0d, {1, 1, 1}, Bytes(4)));
  folder.write("train-labels-idx1-ubyte", label_file(1));
  EXPECT_TRUE(contains(error_of(folder), "it is 3-d float32: expected 00 00 08 03"));
}

TEST(MNIST, RefusesOtherCounts) {
  const TempFolder folder;
  folder.write("train-images-idx3-ubyte", image_file(3));
  folder.write("train-labels-idx1-ubyte", label_file(2));
  EXPECT_TRUE(contains(error_of(folder), "mnist: 3 images but 2 labels"));
  EXPECT_TRUE(contains(error_of(folder), "train and test mixed?"));
}

TEST(MNIST, RefusesLabelsOutOfRange) {
  const TempFolder folder;
  folder.write("train-images-idx3-ubyte", image_file(3));
  folder.write("train-labels-idx1-ubyte", idx_bytes(0x08, {3}, {9, 10, 255}));
  EXPECT_TRUE(contains(error_of(folder), "label[1] = 10: expected 0..9 (num_classes = 10)"));
  try {
    MNIST train(folder.path());
    FAIL();
  } catch (const FormatError& error) {
    EXPECT_EQ(error.offset, 9U);
    EXPECT_EQ(error.path, folder / "train-labels-idx1-ubyte");
  }
}

TEST(MNIST, RefusesOtherImageSizes) {
  const TempFolder folder;
  folder.write("train-images-idx3-ubyte", idx_bytes(0x08, {1, 32, 32}, Bytes(1024)));
  folder.write("train-labels-idx1-ubyte", label_file(1));
  EXPECT_TRUE(contains(error_of(folder),
                       "images are 32 x 32: expected 28 x 28; use data::read_idx for other sizes"));
}

TEST(MNIST, RefusesTruncatedFiles) {
  const TempFolder folder;
  Bytes images = image_file(3);
  images.resize(images.size() - 1);
  folder.write("train-images-idx3-ubyte", images);
  folder.write("train-labels-idx1-ubyte", label_file(3));
  EXPECT_TRUE(
      contains(error_of(folder), "header promises 3 x 28 x 28 = 2,352 bytes, the file has 2,351"));
  EXPECT_TRUE(contains(error_of(folder), "mnist: "));
}

TEST(MNIST, ReportsAFolderInPlaceOfAFile) {
  const TempFolder folder;
  folder.write("train-images-idx3-ubyte/file", {});
  folder.write("train-labels-idx1-ubyte", label_file(3));
  EXPECT_TRUE(
      contains(thrown_text<IoError>([&] { MNIST train(folder.path()); }), "is a directory"));
}

TEST(MNIST, RefusesMomentsThatCannotNormalise) {
  const TempFolder folder;
  write_pair(folder, "train", 1);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double inf = std::numeric_limits<double>::infinity();
  for (const double std : {0.0, -1.0, nan, inf, 1e-300}) {
    thrown_text<ValueError>([&] { MNIST train(folder.path(), {.std = std}); });
  }
  for (const double mean : {nan, inf, -inf}) {
    thrown_text<ValueError>([&] { MNIST train(folder.path(), {.mean = mean}); });
  }
}

}  // namespace
}  // namespace tarn::data
