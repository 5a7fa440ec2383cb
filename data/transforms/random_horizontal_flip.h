#pragma once

#include <tarn/data/transforms/transform.h>

namespace tarn::data {

/// Mirrors an image from left to right with probability p.
class RandomHorizontalFlip : public Transform {
 public:
  /// Throws ValueError unless 0 <= p <= 1.
  explicit RandomHorizontalFlip(double p = 0.5);

  /// x [H, W] or [C, H, W] of any dtype. Throws ShapeError for other numbers of dimensions.
  Tensor operator()(const Tensor& x) const override;

 private:
  double p_;
};

}  // namespace tarn::data
