#include <cmath>
#include <filesystem>
#include <limits>

#include <gtest/gtest.h>

#include <tarn/data/cifar10.h>
#include <tarn/data/dataloader.h>
#include <tarn/data/fashion_mnist.h>
#include <tarn/tensor/error.h>

#include "temp_folder.h"
#include "thrown_text.h"

namespace tarn::data {
namespace {

// Records whose pixel p is label + p + record, as a byte.
Bytes records(const std::vector<std::uint8_t>& labels) {
  Bytes bytes;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    bytes.push_back(labels[i]);
    for (std::size_t p = 0; p < 3072; ++p)
      bytes.push_back(static_cast<std::uint8_t>(labels[i] + p + i));
  }
  return bytes;
}

TEST(CIFAR10, ReadsRecordsOfAllFilesInOrder) {
  const TempFolder folder;
  for (std::uint8_t i = 1; i <= 5; ++i) {
    folder.write("cifar-10-batches-bin/data_batch_" + std::to_string(i) + ".bin",
                 records({i, 9, 0}));
  }
  folder.write("cifar-10-batches-bin/test_batch.bin", gzip(records({3})));
  const CIFAR10 train(folder.path());
  EXPECT_EQ(train.size(), 15);
  EXPECT_EQ(train.targets().to_vector<int>(),
            (std::vector<int>{1, 9, 0, 2, 9, 0, 3, 9, 0, 4, 9, 0, 5, 9, 0}));
  EXPECT_EQ(train.images().sizes(), Shape({15, 3, 32, 32}));
  const CIFAR10 test(folder / "cifar-10-batches-bin", {.train = false});
  EXPECT_EQ(test.size(), 1);

  const double mean[] = {0.4914, 0.4822, 0.4465};
  const double std[] = {0.2470, 0.2435, 0.2616};
  const Batch batch = train.get_batch(std::vector<std::int64_t>{14, 3});
  EXPECT_EQ(batch.data.sizes(), Shape({2, 3, 32, 32}));
  EXPECT_EQ(batch.target.to_vector<int>(), (std::vector<int>{0, 2}));
  const auto values = batch.data.select(0, 1).to_vector<double>();
  for (std::size_t p = 0; p < 3072; ++p) {
    const double pixel = static_cast<std::uint8_t>(2 + p) / 255.0;
    ASSERT_NEAR(values[p], (pixel - mean[p / 1024]) / std[p / 1024], 1e-6);
  }
  EXPECT_EQ(train.get(3).data.to_vector<double>(), values);
  EXPECT_EQ(train.get(3).target.sizes(), Shape({}));
  thrown_text<IndexError>([&] { train.get(15); });
}

TEST(CIFAR10, RefusesFilesThatAreNone) {
  const TempFolder folder;
  const auto error = [&](const Bytes& bytes) {
    folder.write("test_batch.bin", bytes);
    return thrown_text<FormatError>([&] { CIFAR10(folder.path(), {.train = false}); });
  };
  const std::string start = "cifar10: " + (folder / "test_batch.bin") + ": ";
  Bytes bytes = records({1, 2});
  bytes.pop_back();
  EXPECT_EQ(error(bytes), start +
                              "6,145 bytes are not a multiple of 3073 (label + 3 x 32 x 32): "
                              "truncated, or not the binary version; download it again");
  EXPECT_EQ(error(records({1, 10})), start + "label[1] = 10 at offset 3073: expected 0..9");
  EXPECT_TRUE(contains(error({}), "is empty"));
}

TEST(CIFAR10, ListsWhatIsMissing) {
  const TempFolder folder;
  for (const char* name :
       {"data_batch_1.bin", "data_batch_2.bin", "data_batch_4.bin", "data_batch_5.bin"})
    folder.write(name, records({1}));
  const std::string text = thrown_text<IoError>([&] { CIFAR10(folder.path()); });
  EXPECT_TRUE(contains(text, "cifar10: " + folder.path() + ": not found: "));
  EXPECT_TRUE(contains(text, folder / "data_batch_3.bin, "));
  EXPECT_FALSE(contains(text, folder / "data_batch_1.bin"));
}

TEST(CIFAR10, RefusesMomentsThatCannotNormalise) {
  const TempFolder folder;
  folder.write("test_batch.bin", records({1}));
  const auto error = [&](const CIFAR10Options& options) {
    return thrown_text<ValueError>([&] { CIFAR10(folder.path(), options); });
  };
  EXPECT_TRUE(contains(error({.train = false, .std = {1, 0, 1}}), "cifar10: std = 0"));
  error({.train = false, .mean = {0, 0, std::numeric_limits<double>::quiet_NaN()}});
}

// ---- Fashion-MNIST, where Debian's package is installed ----

TEST(FashionMNIST, IsFoundWhereDebianPutsIt) {
  if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist"))
    GTEST_SKIP() << "needs Debian's package dataset-fashion-mnist";
  const FashionMNIST test("nowhere", {.train = false, .flatten = false});
  EXPECT_EQ(test.size(), 10'000);
  EXPECT_EQ(test.get(0).data.sizes(), Shape({1, 28, 28}));
  EXPECT_STREQ(FashionMNIST::kClasses[static_cast<std::size_t>(test.get(0).target.item<int>())],
               "ankle boot");
  double sum = 0;
  double squares = 0;
  for (auto& [x, y] : DataLoader(test, {.batch_size = 1000, .shuffle = false})) {
    sum += x.sum().item();
    squares += x.square().sum().item();
  }
  // The moments are those of the training images.
  EXPECT_NEAR(sum / 7'840'000, 0, 0.01);
  EXPECT_NEAR(squares / 7'840'000, 1, 0.01);
}

TEST(FashionMNIST, IsFoundInAFolderOfOnesOwn) {
  const TempFolder folder;
  folder.write("raw/t10k-images-idx3-ubyte", idx_bytes(0x08, {1, 28, 28}, Bytes(784, 7)));
  folder.write("raw/t10k-labels-idx1-ubyte", idx_bytes(0x08, {1}, {3}));
  EXPECT_EQ(FashionMNIST(folder.path(), {.train = false}).size(), 1);
}

}  // namespace
}  // namespace tarn::data
