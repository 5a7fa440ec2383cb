#pragma once

#include <cstdint>

#include <tarn/data/transforms/transform.h>

namespace tarn::data {

/// What RandomCrop takes besides the size.
struct RandomCropOptions {
  std::int64_t height = 0;   ///< of the part that is kept, >= 1
  std::int64_t width = 0;    ///< of the part that is kept, >= 1
  std::int64_t padding = 0;  ///< pixels of `fill` around the image before it is cut, >= 0
  double fill = 0;           ///< in the units of the data
};

/// Cuts a part of fixed size out of an image, at a random place: `RandomCrop({.height = 32, .width
/// = 32, .padding = 4})`. As torchvision's RandomCrop.
class RandomCrop : public Transform {
 public:
  /// Throws ValueError unless height, width and padding are as said above and below 2^30.
  explicit RandomCrop(RandomCropOptions options);

  /// x [H, W] or [C, H, W] of any dtype gives [height, width] or [C, height, width]. Throws
  /// ShapeError for other numbers of dimensions and for an image that is smaller even with its
  /// padding.
  Tensor operator()(const Tensor& x) const override;

 private:
  RandomCropOptions options_;
};

}  // namespace tarn::data
