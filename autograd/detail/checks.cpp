#include <tarn/autograd/detail/checks.h>
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

std::string element_name(const char* tensor, const Shape& sizes, std::int64_t i) {
  Shape index = sizes;
  for (int d = sizes.size(); d-- > 0; i /= sizes[d]) index[d] = i % sizes[d];
  return sizes.empty() ? tensor : str(tensor, index);
}

}  // namespace tarn
