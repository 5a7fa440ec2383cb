#include <tarn/autograd/detail/view_history.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/node.h>
#include <tarn/autograd/saved_tensor.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn {

SavedTensor saved(const Tensor& input) {
  return {input.defined() ? without_base(input) : input, false};
}

SavedTensor saved_output(const Tensor& output) { return {output.detach(), true}; }

Tensor SavedTensor::get() const {
  if (!tensor_.defined()) return tensor_;
  const Node* const node = current_node();
  if (tensor_.version() != version_) {
    throw AutogradError(str(node ? describe(*node) : "backward", " saved its ",
                            is_output_ ? "output " : "input ", tensor_.sizes(),
                            " for backward, but it was modified in place afterwards (version ",
                            tensor_.version(), ", expected ", version_, "); clone() it first"));
  }
  if (!is_output_ || !is_grad_enabled() || !node) return tensor_;
  // For second derivatives the output needs its history back, which the saved copy must not own.
  Tensor output = tensor_.detach();
  TensorImpl& impl = output.impl();
  impl.history = intrusive_ptr<History>(const_cast<Node*>(node));
  impl.requires_grad = true;
  impl.is_leaf = false;
  return output;
}

}  // namespace tarn
