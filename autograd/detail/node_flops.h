#pragma once

#include <tarn/autograd/graph_flops.h>
#include <tarn/autograd/node.h>

namespace tarn::detail {

/// What graph_flops() counts for one node.
GraphFlops node_flops(const Node& node);

}  // namespace tarn::detail
