#include <tarn/autograd/node.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>
#include <tarn/tensor/tensor.h>

// The methods of Tensor that are about its place in the graph.
namespace tarn {

const Tensor& Tensor::requires_grad_(bool requires_grad) const {
  TensorImpl& self = impl();
  if (!self.is_leaf) {
    if (requires_grad) return *this;
    throw AutogradError(str("requires_grad_: a result of ", grad_fn_name(),
                            " cannot leave its graph; use detach()"));
  }
  if (requires_grad && !is_floating_point(self.dtype)) {
    throw DTypeError(
        str("requires_grad_: only float32 and float64 tensors can require grad, this one is ",
            self.dtype));
  }
  if (requires_grad && !self.requires_grad) ++self.storage()->leaf_owners;
  if (!requires_grad && self.requires_grad) --self.storage()->leaf_owners;
  self.requires_grad = requires_grad;
  if (!requires_grad && self.history) {
    self.history->leaf_destroyed();
    self.history.reset();
  }
  return *this;
}

intrusive_ptr<Node> Tensor::grad_fn() const {
  return impl().is_leaf ? intrusive_ptr<Node>() : gradient_node(*this);
}

std::string Tensor::grad_fn_name() const {
  return impl().is_leaf ? std::string() : gradient_node(*this)->name();
}

void Tensor::set_grad(const Tensor& grad) const {
  TensorImpl& self = impl();
  self.grad_was_stepped = false;
  if (!grad.defined()) {
    self.grad.reset();
    return;
  }
  if (grad.sizes() != self.sizes) {
    throw ShapeError(str("set_grad: the gradient has shape ", grad.sizes(),
                         ": expected the tensor's, ", self.sizes));
  }
  if (grad.dtype() != self.dtype) {
    throw DTypeError(str("set_grad: the gradient is ", grad.dtype(),
                         ": expected the tensor's type, ", self.dtype));
  }
  self.grad = grad.impl_ptr();
}

}  // namespace tarn
