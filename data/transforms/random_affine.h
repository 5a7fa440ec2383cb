#pragma once

#include <tarn/data/transforms/warp.h>

namespace tarn::data {

/// What RandomAffine draws, uniformly from ranges: `.degrees = 10` is -10..10, `.degrees = {5, 10}`
/// is 5..10.
struct RandomAffineOptions {
  Range degrees = 0;     ///< rotation, clockwise
  Range translate = 0;   ///< shift, in widths to the right and, drawn again, in heights downwards
  Range scale = {1, 1};  ///< factor, > 0
  Range shear = 0;       ///< in degrees: vertical lines lean by as much, tops to the right
  double fill = 0;       ///< outside the image; -mean/std after a normalisation
};

/// Rotates, shifts, scales and shears an image around its centre by random amounts, in one bilinear
/// interpolation. As torchvision's RandomAffine, except that shifts may be fractions of a pixel.
class RandomAffine : public Warp {
 public:
  /// Throws ValueError for ranges that are not finite or reversed, scales that are not positive,
  /// shears outside -89..89 and translations outside -1e6..1e6.
  explicit RandomAffine(RandomAffineOptions options);
  void bend(WarpField& field, Draws& draws) const override;

 private:
  RandomAffineOptions options_;
};

/// Rotates an image around its centre by a random angle, uniform on `degrees` (clockwise).
class RandomRotation : public RandomAffine {
 public:
  explicit RandomRotation(Range degrees, double fill = 0)
      : RandomAffine({.degrees = degrees, .fill = fill}) {}
};

}  // namespace tarn::data
