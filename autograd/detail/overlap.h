#pragma once

#include <tarn/tensor/tensor.h>

namespace tarn {

/// Whether several indices of x may lead to the same element, as in an expanded view.
bool overlaps_itself(const Tensor& x);

}  // namespace tarn
