#include <tarn/autograd/detail/same_floating.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn {

void check_same_floating(const char* op, std::initializer_list<const Tensor*> tensors) {
  const DType dtype = (*tensors.begin())->dtype();
  for (const Tensor* const tensor : tensors) {
    if (!tensor->defined() || (tensor->dtype() == dtype && is_floating_point(dtype))) continue;
    throw DTypeError(str(op, ": operands are ", dtype, " and ", tensor->dtype(),
                         ": expected all float32 or all float64; convert with .to()"));
  }
}

}  // namespace tarn
