#pragma once

#include <tarn/tensor/tensor.h>

namespace tarn::kernels {

/// The rows of dimension `dim` that `rows` (int64 [K], each in range) names, contiguous.
Tensor select_rows(const Tensor& x, int dim, const Tensor& rows);

/// A contiguous copy of x to whose rows along `dim` those of `source` are added, in order.
Tensor add_rows(const Tensor& x, int dim, const Tensor& rows, const Tensor& source);

/// A contiguous copy of x in which the rows of `source` replace those that `rows` names, in order.
Tensor put_rows(const Tensor& x, int dim, const Tensor& rows, const Tensor& source);

}  // namespace tarn::kernels
