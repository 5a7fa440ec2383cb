#pragma once

#include <functional>
#include <memory>
#include <vector>

#include <tarn/autograd/node.h>

namespace tarn::detail {

struct Hook {
  using Function = std::function<Tensor(const Tensor&)>;
  std::shared_ptr<const Function> function;  ///< null when it was removed
};
using HookList = std::vector<std::shared_ptr<Hook>>;

/// What users attached to the tensor whose gradient flows to a node.
struct Hooks {
  HookList arrived;                  ///< called with the gradient, which they may replace
  HookList accumulated;              ///< of a leaf: called with the leaf after its grad has changed
  intrusive_ptr<GradOwner> retains;  ///< of a result: the tensor whose grad() keeps the gradient
};

/// The gradient that the node's hooks make of `gradient`. Throws AutogradError, ShapeError and
/// DTypeError, naming the op, for a hook that writes into its argument or returns another form.
Tensor call_hooks(const Node& node, Tensor gradient);

void call_post_accumulate_hooks(const Tensor& leaf);

}  // namespace tarn::detail
