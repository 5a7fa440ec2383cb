#pragma once

#include <functional>
#include <vector>

#include <tarn/tensor/tensor.h>

namespace tarn {

/// Tolerances of gradcheck; PyTorch's values.
struct GradcheckOptions {
  double eps = 1e-6;   ///< step of the central difference
  double atol = 1e-5;  ///< absolute tolerance
  double rtol = 1e-3;  ///< relative tolerance
};

/// A function of several tensors whose result is checked.
using GradcheckFunction = std::function<Tensor(const std::vector<Tensor>&)>;

/// Compares the gradients of `function` at `inputs` with central differences, (f(x+eps) - f(x-eps))
/// / 2eps, for every element of every input that requires grad and every element of the result.
/// Returns true, or throws AutogradError that names the first element that disagrees and both
/// values. Throws DTypeError unless the inputs are float64: the differences mean nothing in
/// float32; ValueError when no input requires grad.
bool gradcheck(const GradcheckFunction& function, const std::vector<Tensor>& inputs,
               const GradcheckOptions& options = {});

/// The same for second derivatives: checks the gradients of the gradients of `function`, weighted
/// by fixed pseudo-random numbers.
bool gradgradcheck(const GradcheckFunction& function, const std::vector<Tensor>& inputs,
                   const GradcheckOptions& options = {});

}  // namespace tarn
