#pragma once

#include <cstdint>
#include <vector>

#include <tarn/tensor/tensor.h>

namespace tarn::io::detail {

/// The pixels of an example, 8 bits each, channels side by side; none if it is no image.
struct Picture {
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t channels = 0;
  std::vector<std::uint8_t> pixels{};
};

/// The example `index` of a batch as a picture, from its darkest to its brightest value; see
/// TrainingReport::add_predictions() for what is one.
Picture picture_of(const Tensor& input, std::int64_t index);

/// A wrong prediction.
struct Mistake {
  std::int64_t index;  ///< in the order of the evaluation
  std::int64_t target;
  std::int64_t predicted;
  double loss;  ///< cross entropy; infinity when a logit is not finite
  Picture picture{};
};

}  // namespace tarn::io::detail
