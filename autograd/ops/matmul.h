#pragma once

#include <tarn/tensor/tensor.h>

namespace tarn {

/// Matrix product: [*, M, K] x [*, K, N] gives [*, M, N], where the batch dimensions * broadcast; a
/// 1-d operand is a row on the left and a column on the right, and its dimension vanishes from the
/// result. Every floating-point element is one chain of fused multiply-adds over k, cut at fixed
/// places, whatever the number of threads. Throws ShapeError for 0-d operands or inner sizes that
/// differ, DTypeError for bool or unequal types.
Tensor matmul(const Tensor& a, const Tensor& b, Where where = Where::current());

/// matmul() of two matrices, [M, K] x [K, N]. Throws ShapeError for anything else.
Tensor mm(const Tensor& a, const Tensor& b, Where where = Where::current());

/// x weight^T + bias: x [*, in_features], weight [out_features, in_features], bias [out_features]
/// or undefined; gives
/// [*, out_features]. Fast when the weight lies in memory as [in_features, out_features], which
/// nn::Linear sees to. Throws ShapeError naming the sizes.
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
              Where where = Where::current());

}  // namespace tarn
