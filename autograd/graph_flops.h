#pragma once

#include <tarn/tensor/tensor.h>

namespace tarn {

/// Floating-point operations of the matrix products and convolutions of a graph: an addition and a
/// multiplication for each pair of factors.
struct GraphFlops {
  double forward = 0;
  double backward = 0;  ///< one more product for each factor that needs a gradient

  double total() const { return forward + backward; }
};

/// Counts linear(), matmul() and convolutions in the graph of `output`, which must not have been
/// freed by backward(). Element-wise operations do not count, nor is seen what needs no gradient: a
/// layer without any, a convolution with frozen weights. All 0 for a tensor without a graph.
GraphFlops graph_flops(const Tensor& output);

}  // namespace tarn
