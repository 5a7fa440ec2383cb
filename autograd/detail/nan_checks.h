#pragma once

#include <tarn/autograd/anomaly.h>
#include <tarn/autograd/node.h>

// What an AnomalyGuard looks at.
namespace tarn::detail {

/// Remembers the first op whose result has a NaN.
void note_result(const Node& node, const Tensor& value);

/// Throws AutogradError when the gradient that `node` computed for its input has a NaN.
void check_produced(const Node& node, std::size_t input, const Tensor& gradient);

/// Throws AutogradError when the gradient that `node` is about to use has a NaN, though no op
/// produced one: it was passed in, came from a hook, or infinities were added.
void check_arrived(const Node& node, const Tensor& gradient);

}  // namespace tarn::detail
