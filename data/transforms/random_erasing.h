#pragma once

#include <tarn/data/transforms/transform.h>

namespace tarn::data {

/// What RandomErasing erases.
struct RandomErasingOptions {
  double p = 0.5;          ///< probability of erasing at all, 0..1
  double min_area = 0.02;  ///< of the rectangle, as a share of the image, > 0
  double max_area = 0.33;  ///< min_area..1
  double min_ratio = 0.3;  ///< height / width of the rectangle, > 0
  double max_ratio = 3.3;  ///< >= min_ratio
  double value = 0;        ///< what the rectangle is filled with
};

/// Overwrites a random rectangle of an image, in all channels (Zhong et al. 2017, "Random erasing
/// data augmentation"). Area and log(ratio) are uniform; after ten rectangles that do not fit, the
/// image stays as it is. As torchvision's RandomErasing.
class RandomErasing : public Transform {
 public:
  /// Throws ValueError for options out of range.
  explicit RandomErasing(RandomErasingOptions options = {});

  /// x [H, W] or [C, H, W] of any dtype. Throws ShapeError for other numbers of dimensions.
  Tensor operator()(const Tensor& x) const override;

 private:
  RandomErasingOptions options_;
};

}  // namespace tarn::data
