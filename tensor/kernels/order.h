#pragma once

#include <tarn/tensor/tensor.h>

namespace tarn::kernels {

/// The indices that sort x along `dim`, int64; the first `count` of them. Equal elements keep their
/// order; a NaN counts as the largest.
Tensor argsort(const Tensor& x, int dim, bool descending, std::int64_t count);

/// Running sums along `dim`, accumulated in float64 (int64 for integers and bool).
Tensor cumsum(const Tensor& x, int dim);

}  // namespace tarn::kernels
