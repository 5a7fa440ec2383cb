#include <tarn/autograd/detail/checks.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/kernels/cast.h>
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

Tensor checked_index(const char* op, const Tensor& index, std::int64_t size) {
  if (index.dtype() != kInt64 && index.dtype() != kInt32) {
    throw DTypeError(str(op, ": the index is ", index.dtype(),
                         ": expected int64 or int32; convert with .to(kInt64)"));
  }
  Tensor copy = empty(index.sizes(), {.dtype = kInt64});
  kernels::copy_into(copy, index);
  const auto* const value = copy.data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < copy.numel(); ++i) {
    if (value[i] >= 0 && value[i] < size) continue;
    throw IndexError(str(op, ": ", element_name("index", index.sizes(), i), " = ", value[i],
                         " is out of range for size ", size,
                         size == 0 ? str() : str(" (expected 0..", size - 1, ")")));
  }
  return copy;
}

std::string element_name(const char* tensor, const Shape& sizes, std::int64_t i) {
  Shape index = sizes;
  for (int d = sizes.size(); d-- > 0; i /= sizes[d]) index[d] = i % sizes[d];
  return sizes.empty() ? tensor : str(tensor, index);
}

}  // namespace tarn
