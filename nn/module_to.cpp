#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/node.h>
#include <tarn/nn/module.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/str.h>

namespace tarn::nn {
namespace {

Tensor converted(const Tensor& tensor, DType dtype) {
  Tensor copy = empty_like(tensor, dtype);
  copy.copy_(tensor);
  return copy;
}

struct Conversion {
  Tensor tensor;
  Tensor value;
  Tensor grad;
};

// Gives the leaf `tensor` the elements of `value` without making it another object.
void adopt(const Tensor& tensor, const Tensor& value) {
  TensorImpl& self = tensor.impl();
  Storage& storage = *value.impl().storage();
  // Graphs that saved the old elements must notice that these are others.
  while (storage.version() <= self.storage()->version()) storage.bump_version();
  if (self.requires_grad) {
    ++storage.leaf_owners;
    --self.storage()->leaf_owners;
  }
  self.set_data(value.impl().storage(), value.impl().data());
  self.strides = value.strides();
  self.dtype = value.dtype();
  self.history_version = storage.version();
  if (const auto node = gradient_node(tensor)) node->dtype = self.dtype;
}

}  // namespace

void Module::to(DType dtype) {
  if (!is_floating_point(dtype)) {
    throw DTypeError(
        str("to: ", dtype, " parameters cannot be trained: expected float32 or float64"));
  }
  const NoGradGuard no_grad;
  std::vector<Conversion> conversions;
  for (const auto& [name, tensor] : each_once(list(Listing::state))) {
    if (!is_floating_point(tensor.dtype()) || tensor.dtype() == dtype) continue;
    if (!tensor.is_leaf()) {
      throw AutogradError(str("to: ", name, " is the result of ", tensor.grad_fn_name(),
                              ": expected parameters and buffers outside a graph; detach() it"));
    }
    const Tensor grad = tensor.grad();
    conversions.push_back(
        {tensor, converted(tensor, dtype), grad.defined() ? converted(grad, dtype) : Tensor()});
  }
  for (const Conversion& conversion : conversions) {
    adopt(conversion.tensor, conversion.value);
    if (conversion.grad.defined()) conversion.tensor.impl().grad = conversion.grad.impl_ptr();
  }
}

}  // namespace tarn::nn
