#pragma once

#include <vector>

#include <tarn/data/transforms/warp.h>

namespace tarn::data {

/// How strongly and how smoothly ElasticTransform bends. The defaults are those for MNIST of Simard
/// et al.
struct ElasticTransformOptions {
  double alpha = 34;  ///< factor of the displacements, in pixels, >= 0
  double sigma = 4;   ///< standard deviation of the smoothing, in pixels, > 0
  double fill = 0;    ///< outside the image
};

/// Displaces each pixel by alpha times a smooth random field: draws from U[-1, 1), convolved with a
/// Gaussian (cut at 4 sigma; outside the image lie zeros), one field for each direction (Simard,
/// Steinkraus and Platt 2003, "Best practices for convolutional neural networks", section 2).
/// Displacements far from the border have a standard deviation of about 0.163 alpha / sigma pixels.
class ElasticTransform : public Warp {
 public:
  /// Throws ValueError unless 0 <= alpha <= 1e6 and 0.01 <= sigma <= 1000.
  explicit ElasticTransform(ElasticTransformOptions options = {});
  void bend(WarpField& field, Draws& draws) const override;

 private:
  float alpha_;
  std::vector<float> weights_;  // of the distances 0, 1, ...
};

}  // namespace tarn::data
