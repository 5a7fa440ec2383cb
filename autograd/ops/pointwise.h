#pragma once

#include <tarn/tensor/tensor.h>

namespace tarn {

// Element-wise functions of one tensor, any shape. Integer inputs become float32 first where the
// function is not integral. IEEE values throughout: log(0) = -inf, sqrt(-1) = NaN.

Tensor exp(const Tensor& x, Where where = Where::current());
/// exp(x) - 1, accurate near 0.
Tensor expm1(const Tensor& x, Where where = Where::current());
/// Natural logarithm.
Tensor log(const Tensor& x, Where where = Where::current());
/// log(1 + x), accurate near 0.
Tensor log1p(const Tensor& x, Where where = Where::current());
Tensor sqrt(const Tensor& x, Where where = Where::current());
/// x * x
Tensor square(const Tensor& x, Where where = Where::current());
/// Absolute value; its gradient at 0 is 0.
Tensor abs(const Tensor& x, Where where = Where::current());
/// x to a power. Integers stay integers, and then throw ValueError for a negative power.
Tensor pow(const Tensor& x, Scalar exponent, Where where = Where::current());
Tensor pow(const Tensor& x, const Tensor& exponent, Where where = Where::current());
Tensor pow(Scalar x, const Tensor& exponent, Where where = Where::current());
Tensor sin(const Tensor& x, Where where = Where::current());
Tensor cos(const Tensor& x, Where where = Where::current());
/// The error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x.
Tensor erf(const Tensor& x, Where where = Where::current());
/// -1, 0 or 1; NaN for NaN (PyTorch gives 0). Its gradient is 0.
Tensor sign(const Tensor& x, Where where = Where::current());
/// max(x, 0); its gradient at 0 is 0; NaN stays NaN.
Tensor relu(const Tensor& x, Where where = Where::current());
Tensor tanh(const Tensor& x, Where where = Where::current());
/// 1 / (1 + exp(-x)), without overflow.
Tensor sigmoid(const Tensor& x, Where where = Where::current());

}  // namespace tarn
