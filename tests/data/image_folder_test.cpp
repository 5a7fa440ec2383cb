#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>
#include <unistd.h>

#include <tarn/data/dataloader.h>
#include <tarn/data/image_folder.h>
#include <tarn/data/map_dataset.h>
#include <tarn/data/transforms.h>
#include <tarn/tensor/error.h>

#include "temp_folder.h"
#include "thrown_text.h"

namespace tarn::data {
namespace {

Bytes fixture(const std::string& name) {
  std::ifstream file(TARN_SOURCE_DIR "/tests/fixtures/images/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class Folder : public ::testing::Test {
 protected:
  void put(const std::string& name, const std::string& image = "rgb8.png") {
    folder_.write(name, fixture(image));
  }
  template <class E = ValueError>
  std::string error(const ImageFolderOptions& options = {}) {
    return thrown_text<E>([&] { ImageFolder(folder_.path(), options); });
  }
  TempFolder folder_;
};

TEST_F(Folder, NumbersClassesAndImagesInOrder) {
  put("dog/b.png");
  put("dog/a.bmp", "bmp24.bmp");
  put("cat/deep/er/x.JPG", "baseline.jpg");
  put("cat/z.png");
  put("cat/.hidden.png");
  put("cat/notes.txt");
  put(".git/x.png");
  put("readme.png");
  const ImageFolder pets(folder_.path());
  EXPECT_EQ(pets.classes(), (std::vector<std::string>{"cat", "dog"}));
  ASSERT_EQ(pets.size(), 4);
  EXPECT_EQ(pets.path(0), folder_ / "cat/deep/er/x.JPG");
  EXPECT_EQ(pets.path(1), folder_ / "cat/z.png");
  EXPECT_EQ(pets.path(2), folder_ / "dog/a.bmp");
  EXPECT_EQ(pets.path(3), folder_ / "dog/b.png");
  EXPECT_EQ(pets.targets().to_vector<int>(), (std::vector<int>{0, 0, 1, 1}));
  EXPECT_EQ(pets.get(3).target.item<std::int64_t>(), 1);
  EXPECT_EQ(pets.get(3).target.sizes(), Shape({}));
  thrown_text<IndexError>([&] { pets.get(4); });
}

TEST_F(Folder, GivesFloatsFromZeroToOne) {
  put("a/x.png", "grey8.png");
  const Tensor grey = ImageFolder(folder_.path(), {.channels = 1}).get(0).data;
  EXPECT_EQ(grey.sizes(), Shape({1, 5, 7}));
  EXPECT_EQ(grey.dtype(), kFloat32);
  const auto values = grey.to_vector<float>();
  EXPECT_EQ(values[1], 37.0F / 255);
  EXPECT_EQ(values[7], 59.0F / 255);
  const Tensor colour = ImageFolder(folder_.path()).get(0).data;
  EXPECT_EQ(colour.sizes(), Shape({3, 5, 7}));
  EXPECT_EQ(colour.select(0, 2).to_vector<float>(), values);
}

TEST_F(Folder, LoadsThroughTransformsThatEvenOutSizes) {
  put("a/x.png");
  put("b/y.jpg", "baseline.jpg");
  const ImageFolder images(folder_.path());
  DataLoader uneven(images, {.batch_size = 2, .shuffle = false});
  EXPECT_TRUE(contains(thrown_text<ShapeError>([&] {
                         images.get_batch(std::vector<std::int64_t>{0, 1});
                       }),
                       "batch item 1 (data[1]) is [3, 17, 20], item 0 is [3, 5, 7]"));
  DataLoader loader(map(images, RandomCrop({.height = 4, .width = 4})),
                    {.batch_size = 2, .num_workers = 2});
  for (auto& [x, y] : loader) EXPECT_EQ(x.sizes(), Shape({2, 3, 4, 4}));
}

TEST_F(Folder, ChecksSizesWhenAsked) {
  put("a/x.png");
  EXPECT_EQ(ImageFolder(folder_.path(), {.height = 5, .width = 7}).get(0).data.dim(), 3);
  const ImageFolder wrong(folder_.path(), {.height = 28});
  EXPECT_EQ(
      thrown_text<ShapeError>([&] { wrong.get(0); }),
      "image folder: " + (folder_ / "a/x.png") + " is 5 x 7 (height x width): expected 28 x any");
  thrown_text<ValueError>([&] { ImageFolder(folder_.path(), {.channels = 2}); });
  thrown_text<ValueError>([&] { ImageFolder(folder_.path(), {.width = -1}); });
}

TEST_F(Folder, NamesADamagedImageAndItsPlace) {
  Bytes png = fixture("rgb8.png");
  png[50] ^= 1;
  put("a/a.png");
  folder_.write("a/b.png", png);
  const ImageFolder images(folder_.path());
  DataLoader loader(images, {.batch_size = 2, .shuffle = false});
  const std::string text = thrown_text<WorkerError>([&] { loader.begin(); });
  EXPECT_TRUE(contains(text, "data[1] (no worker): image: " + (folder_ / "a/b.png") + ": CRC of"));
}

TEST_F(Folder, SaysWhatIsMissing) {
  put("x.png");
  put("y.jpg");
  EXPECT_EQ(error(), "image folder: no class folders in " + folder_.path() +
                         " (2 image files lie directly in it): expected " + folder_.path() +
                         "/<class>/<image>");
  std::filesystem::create_directory(folder_ / "dog");
  EXPECT_TRUE(contains(error(), "class \"dog\" has no images"));
  const ImageFolder empty(folder_.path(), {.allow_empty = true});
  EXPECT_EQ(empty.classes().size(), 1U);
  EXPECT_EQ(empty.size(), 0);
  EXPECT_TRUE(contains(thrown_text<IoError>([&] { ImageFolder(folder_ / "none"); }),
                       "none: cannot be read: No such file or directory (errno 2)"));
  thrown_text<IoError>([&] { ImageFolder(folder_ / "x.png"); });
}

TEST_F(Folder, FollowsLinksButNotInCircles) {
  put("a/x.png");
  ASSERT_EQ(::symlink("a", (folder_ / "b").c_str()), 0);
  EXPECT_EQ(ImageFolder(folder_.path()).size(), 2);
  ASSERT_EQ(::symlink("../a", (folder_ / "a/loop").c_str()), 0);
  EXPECT_TRUE(contains(error<IoError>(), "a/loop: is a link to a folder that it lies in"));
  std::filesystem::remove(folder_ / "a/loop");
  ASSERT_EQ(::symlink("nowhere.png", (folder_ / "a/broken.png").c_str()), 0);
  EXPECT_TRUE(contains(error<IoError>(), "a/broken.png: cannot be read: No such file"));
}

}  // namespace
}  // namespace tarn::data
