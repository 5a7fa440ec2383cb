#include <array>
#include <mutex>
#include <string_view>

#include <tarn/autograd/detail/node_flops.h>
#include <tarn/autograd/detail/pass.h>
#include <tarn/autograd/graph_flops.h>

namespace tarn {
namespace {

double count(const Shape& sizes) {
  double product = 1;
  for (const std::int64_t size : sizes) product *= static_cast<double>(size);
  return product;
}

// The terms of each element of the op's result; 0 for an op that is no product.
double terms(const Node& node) {
  const std::string_view name = node.name();
  const auto edges = node.edges();
  if (edges.size() < 2) return 0;
  const Node* const a = edges[0].get();
  const Node* const b = edges[1].get();
  if (name == "linear" || name == "matmul") {
    if (a) return static_cast<double>(a->sizes[a->sizes.size() - 1]);
    if (!b) return 0;
    // The weight [out, in] of linear(); a matrix [*, in, out], or a vector [in].
    const int dim = b->sizes.size();
    return static_cast<double>(b->sizes[name == "linear" || dim == 1 ? dim - 1 : dim - 2]);
  }
  // The weight [out, in / groups, kH, kW] of a convolution.
  if (name == "conv2d" && b) return count(b->sizes) / static_cast<double>(b->sizes[0]);
  return 0;
}

}  // namespace

GraphFlops detail::node_flops(const Node& node) {
  const auto edges = node.edges();
  double product = 2 * count(node.sizes) * terms(node);
  if (std::string_view(node.name()) == "conv_transpose2d" && edges[0] && edges[1]) {
    // The weight is [in, out / groups, kH, kW]: each element of the input meets out / groups
    // kernels.
    product = 2 * count(edges[0]->sizes) * count(edges[1]->sizes) /
              static_cast<double>(edges[1]->sizes[0]);
  }
  if (product == 0) return {};
  return {product, product * ((edges[0] ? 1 : 0) + (edges[1] ? 1 : 0))};
}

GraphFlops graph_flops(const Tensor& output) {
  GraphFlops total;
  if (!output.requires_grad()) return total;
  const std::lock_guard lock(Pass::mutex());
  const std::array roots{gradient_node(output)};
  Pass(roots).for_each([&](Node& node) {
    const GraphFlops own = detail::node_flops(node);
    total.forward += own.forward;
    total.backward += own.backward;
  });
  return total;
}

}  // namespace tarn
