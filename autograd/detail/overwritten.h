#pragma once

#include <tarn/tensor/tensor.h>

namespace tarn {

/// Of what is scattered to `index` along dimension `dim` of a tensor of `sizes`, what a later
/// element overwrites, which therefore has no gradient: a bool tensor of index's shape. The index
/// is valid.
Tensor overwritten(const Shape& sizes, int dim, const Tensor& index);

}  // namespace tarn
