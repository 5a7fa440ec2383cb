#include <tarn/autograd/backward.h>
#include <tarn/autograd/detail/hooks.h>
#include <tarn/autograd/detail/ownership.h>
#include <tarn/autograd/detail/pass.h>
#include <tarn/autograd/detail/unowned_leaves.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/node.h>
#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/autograd/ops/views.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/kernels/cast.h>
#include <tarn/tensor/log.h>
#include <tarn/tensor/str.h>

namespace tarn {
namespace {

thread_local UnownedLeaves unowned;

// The gradient of the objective with respect to an output: the given one, checked, or 1.
Tensor seed(const char* op, const Tensor& output, const Tensor& gradient) {
  if (!output.requires_grad()) {
    throw AutogradError(str(
        op, ": the tensor (shape ", output.sizes(),
        ") does not require grad: no input of its computation did, or a NoGradGuard was active"));
  }
  if (!gradient.defined()) {
    if (output.numel() == 1) return ones_like(output);
    throw AutogradError(str(op, ": the tensor has shape ", output.sizes(),
                            ", not one element: pass a gradient of that shape, or reduce it with "
                            "sum() or mean() first"));
  }
  if (gradient.sizes() != output.sizes()) {
    throw ShapeError(str(op, ": the gradient has shape ", gradient.sizes(),
                         ": expected the tensor's, ", output.sizes()));
  }
  if (gradient.dtype() != output.dtype()) {
    throw DTypeError(str(op, ": the gradient is ", gradient.dtype(),
                         ": expected the tensor's type, ", output.dtype()));
  }
  return gradient;
}

// A tensor that leaf.grad may own: nobody else's, and in the leaf's memory layout where that is
// dense.
Tensor as_own(Tensor gradient, TensorImpl& leaf) {
  const Tensor like{intrusive_ptr<TensorImpl>(&leaf)};
  if (is_only_owner(gradient) && (gradient.strides() == leaf.strides || !like.is_dense())) {
    gradient.impl().base.reset();
    return gradient;
  }
  if (is_grad_enabled()) return clone(gradient);
  Tensor copy = empty_like(like);
  kernels::copy_into(copy, gradient);
  return copy;
}

// What is added to a gradient that a step has used stays used: the next step warns. Adding alone is
// no mistake, as a generator's loss does to the discriminator's gradients before they are cleared.
void accumulate(TensorImpl& leaf, Tensor gradient) {
  if (!leaf.grad) {
    leaf.grad = as_own(std::move(gradient), leaf).impl_ptr();
    leaf.grad_was_stepped = false;
    return;
  }
  const Tensor total(leaf.grad);
  if (is_grad_enabled()) {
    leaf.grad = add(total, gradient).impl_ptr();
  } else {
    total.add_(gradient);
  }
}

void run_backward(const Tensor& output, const BackwardOptions& options) {
  const std::lock_guard lock(Pass::mutex());
  Tensor gradient = seed("backward", output, options.gradient);
  const GradModeGuard mode(options.create_graph);
  const intrusive_ptr<Node> root = gradient_node(output);
  Pass pass({&root, 1});
  pass.add_gradient(*root, std::move(gradient));
  pass.run(options.retain_graph || options.create_graph);
  // Only now, when nothing can fail any more, the leaves change.
  unowned = {};
  std::vector<Tensor> hooked;
  pass.for_each([&](Node& node) {
    TensorImpl* const owner = node.grad_owner();
    if (!owner) return;
    Tensor total = std::move(pass.gradient(node));
    if (!total.defined()) return;
    if (owner->is_leaf && !owner->has_optimizer && unowned.count++ == 0)
      unowned.first = owner->sizes;
    accumulate(*owner, std::move(total));
    if (node.hooks && !node.hooks->accumulated.empty())
      hooked.emplace_back(intrusive_ptr<TensorImpl>(owner));
  });
  for (const Tensor& leaf : hooked) detail::call_post_accumulate_hooks(leaf);
}

}  // namespace

UnownedLeaves unowned_leaves() { return unowned; }

void forget_unowned_leaves() { unowned = {}; }

void Tensor::backward() const { run_backward(*this, {}); }

void Tensor::backward_from(const Tensor& gradient) const {
  run_backward(*this, {.gradient = gradient});
}

void Tensor::backward(const BackwardOptions& options) const { run_backward(*this, options); }

std::vector<Tensor> grad(const std::vector<Tensor>& outputs, const std::vector<Tensor>& inputs,
                         const GradOptions& options) {
  const std::lock_guard lock(Pass::mutex());
  if (!options.grad_outputs.empty() && options.grad_outputs.size() != outputs.size()) {
    throw ValueError(str("grad: ", options.grad_outputs.size(), " grad_outputs for ",
                         outputs.size(), " outputs: expected one each, or none at all"));
  }
  std::vector<Tensor> seeds;
  std::vector<intrusive_ptr<Node>> roots;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    seeds.push_back(seed("grad", outputs[i],
                         options.grad_outputs.empty() ? Tensor() : options.grad_outputs[i]));
    roots.push_back(gradient_node(outputs[i]));
  }
  std::vector<intrusive_ptr<Node>> targets;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].requires_grad()) {
      throw AutogradError(
          str("grad: inputs[", i, "] (shape ", inputs[i].sizes(), ") does not require grad"));
    }
    targets.push_back(gradient_node(inputs[i]));
  }
  const GradModeGuard mode(options.create_graph);
  Pass pass(roots);
  pass.set_targets(targets);
  for (std::size_t i = 0; i < roots.size(); ++i) pass.add_gradient(*roots[i], seeds[i]);
  pass.run(options.retain_graph || options.create_graph);
  std::vector<Tensor> results;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    results.push_back(pass.reached(*targets[i]) ? pass.gradient(*targets[i]) : Tensor());
    if (!results.back().defined() && !options.allow_unused) {
      throw AutogradError(str("grad: the outputs do not depend on inputs[", i, "] (shape ",
                              inputs[i].sizes(),
                              "); set .allow_unused = true to get an undefined tensor for it"));
    }
  }
  return results;
}

std::vector<Tensor> graph_leaves(const Tensor& output) {
  const std::lock_guard lock(Pass::mutex());
  std::vector<Tensor> leaves;
  if (!output.requires_grad()) return leaves;
  const intrusive_ptr<Node> root = gradient_node(output);
  const Pass pass({&root, 1});
  pass.for_each([&](const Node& node) {
    if (node.leaf()) leaves.emplace_back(intrusive_ptr<TensorImpl>(node.leaf()));
  });
  return leaves;
}

}  // namespace tarn
