#pragma once

#include <tarn/tensor/tensor.h>

namespace tarn {

// Nonlinearities of networks, element by element, any shape, beside relu, tanh and sigmoid.
// Integers become float32 first; NaN stays NaN.

/// x where x > 0, else negative_slope * x (Maas et al. 2013).
Tensor leaky_relu(const Tensor& x, double negative_slope = 0.01, Where where = Where::current());

/// x where x > 0, else alpha * (exp(x) - 1) (Clevert et al. 2015).
Tensor elu(const Tensor& x, double alpha = 1, Where where = Where::current());

/// x * sigmoid(x), also called swish (Hendrycks and Gimpel 2016, Ramachandran et al. 2017).
Tensor silu(const Tensor& x, Where where = Where::current());

/// How gelu() computes the normal distribution function: exactly, or as
/// (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2, as GPT-2 does.
enum class Gelu { none, tanh };

/// x * P(Z <= x) for a standard normal Z (Hendrycks and Gimpel 2016).
Tensor gelu(const Tensor& x, Gelu approximate = Gelu::none, Where where = Where::current());

/// log(1 + exp(beta x)) / beta, and x itself where beta x > threshold; never overflows (Dugas et
/// al. 2001). Throws ValueError unless beta is finite and not 0.
Tensor softplus(const Tensor& x, double beta = 1, double threshold = 20,
                Where where = Where::current());

}  // namespace tarn
