#pragma once

#include <tarn/tensor/tensor.h>

namespace tarn {

/// While `training`, zeroes each element with probability p and multiplies the others by 1 / (1 -
/// p), so that the expectation stays x (Srivastava et al. 2014); else returns x. Throws ValueError
/// unless 0 <= p <= 1.
Tensor dropout(const Tensor& x, double p = 0.5, bool training = true,
               Where where = Where::current());

/// dropout of whole channels of x [N, C, H, W]: their elements are all kept or all zeroed (Tompson
/// et al. 2015, SpatialDropout). Throws also ShapeError for another number of dimensions.
Tensor dropout2d(const Tensor& x, double p = 0.5, bool training = true,
                 Where where = Where::current());

}  // namespace tarn
