#pragma once

#include <tarn/tensor/tensor.h>

namespace tarn {

/// softmax over `dim`: exp(x_i) / sum_j exp(x_j), computed after subtracting the maximum. Integers
/// become float32.
Tensor softmax(const Tensor& x, std::int64_t dim, Where where = Where::current());
/// log(softmax(x)) over `dim`, without the loss of accuracy of taking them one after the other.
Tensor log_softmax(const Tensor& x, std::int64_t dim, Where where = Where::current());

}  // namespace tarn
