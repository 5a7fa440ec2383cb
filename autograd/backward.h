#pragma once

#include <vector>

#include <tarn/tensor/tensor.h>

namespace tarn {

/// What grad() does besides computing.
struct GradOptions {
  std::vector<Tensor>
      grad_outputs{};         ///< one per output; by default 1 for outputs with one element
  bool retain_graph = false;  ///< keep the saved tensors for another pass
  bool create_graph = false;  ///< make the result differentiable; implies retain_graph
  bool allow_unused =
      false;  ///< an input that the outputs do not depend on gives an undefined tensor
};

/// The gradients of the sum of `outputs` with respect to each of `inputs` (leaves or not), without
/// touching any tensor's grad(). Throws AutogradError for an output without a graph, a freed graph,
/// a saved tensor that was changed in place, or (unless allow_unused) an input that was not used;
/// ShapeError for grad_outputs of other shapes.
std::vector<Tensor> grad(const std::vector<Tensor>& outputs, const std::vector<Tensor>& inputs,
                         const GradOptions& options = {});

/// The leaves that require grad and are reached by the graph of `output`, each once.
std::vector<Tensor> graph_leaves(const Tensor& output);

}  // namespace tarn
