#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <tarn/data/dataset.h>

namespace tarn::data {

/// How ImageFolder reads images.
struct ImageFolderOptions {
  std::int64_t channels = 3;  ///< 3: red, green, blue; 1: grey
  std::int64_t height = 0;    ///< every image must be as high; 0: any height
  std::int64_t width = 0;     ///< every image must be as wide; 0: any width
  bool allow_empty = false;   ///< accept classes without images
};

/// Images in one folder per class, as torchvision's ImageFolder: root/CLASS/IMAGE,
/// in folders of any depth.
///
///   data::ImageFolder pets("data/pets", {.height = 64, .width = 64});
///
/// Classes are the folders' names in byte order; within a class, images go by the byte order of
/// their paths. Names that begin with a dot are left out, and so are files that do not end in .png,
/// .jpg, .jpeg or .bmp (small or capital letters). Images are read when they are asked for, by
/// io::read_image: data float32 [channels, H, W] in 0..1, target int64 [].
class ImageFolder : public Dataset {
 public:
  /// Throws IoError when a folder cannot be read or links lead in a circle, and ValueError for
  /// options out of range, a root without class folders, and a class without images.
  explicit ImageFolder(const std::string& root, ImageFolderOptions options = {});

  std::int64_t size() const override { return static_cast<std::int64_t>(images_.size()); }
  /// Throws what io::read_image throws, and ShapeError for an image of another size than asked for.
  Example get(std::int64_t index) const override;

  /// Names of the classes; the target is the position.
  const std::vector<std::string>& classes() const { return classes_; }
  /// Path of image `index`. Throws IndexError.
  const std::string& path(std::int64_t index) const;
  /// The class of each image.
  Tensor targets() const;

 private:
  struct Image {
    std::string path;
    std::int64_t target;
  };

  ImageFolderOptions options_;
  std::vector<std::string> classes_;
  std::vector<Image> images_;
};

}  // namespace tarn::data
