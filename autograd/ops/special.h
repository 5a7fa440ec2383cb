#pragma once

#include <tarn/tensor/tensor.h>

namespace tarn {

// Special functions, element by element, any shape; integers become float32 first.

/// The error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x.
Tensor erf(const Tensor& x, Where where = Where::current());
/// exp(x) - 1, accurate near 0.
Tensor expm1(const Tensor& x, Where where = Where::current());
/// log(1 + x), accurate near 0.
Tensor log1p(const Tensor& x, Where where = Where::current());

}  // namespace tarn
