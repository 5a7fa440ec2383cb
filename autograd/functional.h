#pragma once

#include <functional>
#include <utility>
#include <vector>

#include <tarn/tensor/tensor.h>

// Derivatives of functions, with the meanings and the order of arguments of PyTorch's
// torch.autograd.functional. Each comes for one tensor and for several. The inputs need not require
// grad, and no tensor's grad() changes. Where the result does not depend on an input, the
// derivative is zero. All throw DTypeError for inputs that are not floating-point, ShapeError or
// DTypeError for a v of another form, AutogradError where an op on the way cannot be
// differentiated.
namespace tarn {

/// A function of one tensor, and one of several.
using TensorFunction = std::function<Tensor(const Tensor&)>;
using TensorsFunction = std::function<Tensor(const std::vector<Tensor>&)>;

/// What all of these functions take besides their tensors.
struct FunctionalOptions {
  bool create_graph = false;  ///< make the results differentiable
};

/// d func(inputs) / d inputs, of shape output.sizes() + input.sizes(): one backward pass for each
/// element of the output.
Tensor jacobian(const TensorFunction& func, const Tensor& inputs,
                const FunctionalOptions& options = {});
std::vector<Tensor> jacobian(const TensorsFunction& func, const std::vector<Tensor>& inputs,
                             const FunctionalOptions& options = {});

/// The second derivatives of `func`, which returns one element: shape input.sizes() +
/// input.sizes(); for several inputs [i][j] is d^2 func / d inputs[i] d inputs[j].
Tensor hessian(const TensorFunction& func, const Tensor& inputs,
               const FunctionalOptions& options = {});
std::vector<std::vector<Tensor>> hessian(const TensorsFunction& func,
                                         const std::vector<Tensor>& inputs,
                                         const FunctionalOptions& options = {});

/// func(inputs) and v^T J, with v of the output's shape: one backward pass.
std::pair<Tensor, Tensor> vjp(const TensorFunction& func, const Tensor& inputs, const Tensor& v,
                              const FunctionalOptions& options = {});
std::pair<Tensor, std::vector<Tensor>> vjp(const TensorsFunction& func,
                                           const std::vector<Tensor>& inputs, const Tensor& v,
                                           const FunctionalOptions& options = {});

/// func(inputs) and H v, with H the Hessian of `func`, which returns one element, and v of the
/// inputs' shapes: two backward passes, H is never made (Pearlmutter 1994). H is taken to be
/// symmetric, as it is wherever second derivatives are continuous.
std::pair<Tensor, Tensor> hvp(const TensorFunction& func, const Tensor& inputs, const Tensor& v,
                              const FunctionalOptions& options = {});
std::pair<Tensor, std::vector<Tensor>> hvp(const TensorsFunction& func,
                                           const std::vector<Tensor>& inputs,
                                           const std::vector<Tensor>& v,
                                           const FunctionalOptions& options = {});

}  // namespace tarn
