#pragma once

#include <string>
#include <utility>
#include <vector>

#include <tarn/tensor/tensor.h>

namespace tarn {

/// The graph of `output` in Graphviz's language DOT: a box for each recorded op with its name and
/// the shape of its result, an ellipse for each leaf, arrows in the direction of the computation.
/// Leaves among `names` carry their names:
///
///   std::ofstream("model.dot") << graph_dot(loss, model.named_parameters());
///   $ dot -Tsvg model.dot -o model.svg
///
/// To be called before backward(), which frees the graph. Throws AutogradError for a tensor that
/// does not require grad.
std::string graph_dot(const Tensor& output,
                      const std::vector<std::pair<std::string, Tensor>>& names = {});

}  // namespace tarn
