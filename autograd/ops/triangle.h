#pragma once

#include <tarn/tensor/tensor.h>

namespace tarn {

/// The lower triangles of matrices [*, M, N]: 0 above the diagonal that lies `diagonal` elements to
/// the right of the main one. `tril(ones({n, n}))` is a causal mask. Throws ShapeError for fewer
/// than 2 dimensions.
Tensor tril(const Tensor& x, std::int64_t diagonal = 0, Where where = Where::current());
/// The upper triangles: 0 below that diagonal.
Tensor triu(const Tensor& x, std::int64_t diagonal = 0, Where where = Where::current());

}  // namespace tarn
