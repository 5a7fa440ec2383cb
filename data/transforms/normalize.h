#pragma once

#include <vector>

#include <tarn/data/transforms/transform.h>

namespace tarn::data {

/// (x - mean) / std, of float32 or float64.
class Normalize : public Transform {
 public:
  /// One mean and standard deviation for all elements. Throws ValueError unless both are finite and
  /// std > 0.
  Normalize(double mean, double std);
  /// One for each channel of [C, H, W]. Throws ValueError as above, for unequal lengths and for
  /// none at all.
  Normalize(const std::vector<double>& mean, const std::vector<double>& std);

  /// Throws ShapeError when x is not [C, H, W] with as many channels as there are means, DTypeError
  /// for integers: bytes of an image would be taken for pixels in 0..1 without a word.
  Tensor operator()(const Tensor& x) const override;
  Tensor apply_rows(const Tensor& x, const RowRandom& random) const override;

 private:
  Tensor apply(const Tensor& x, int channel_dim) const;

  Tensor mean_;
  Tensor std_;
};

}  // namespace tarn::data
