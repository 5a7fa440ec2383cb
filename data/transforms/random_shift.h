#pragma once

#include <cstdint>

#include <tarn/data/transforms/transform.h>

namespace tarn::data {

/// Moves an image by a random whole number of pixels, -max_shift..max_shift in each direction, and
/// fills what becomes free.
class RandomShift : public Transform {
 public:
  /// `fill` in the units of the data: background is -mean/std after a normalisation. Throws
  /// ValueError unless 0 <= max_shift <= 2^30.
  explicit RandomShift(std::int64_t max_shift, double fill = 0);

  /// x [H, W] or [C, H, W], any dtype. Throws ShapeError for other numbers of dimensions.
  Tensor operator()(const Tensor& x) const override;

 private:
  std::int64_t max_shift_;
  double fill_;
};

}  // namespace tarn::data
