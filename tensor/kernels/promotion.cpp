#include <tarn/tensor/kernels/promotion.h>

namespace tarn::kernels {
namespace {

int category(DType dtype) {
  if (is_floating_point(dtype)) return 2;
  return dtype == DType::boolean ? 0 : 1;
}

}  // namespace

DType result_dtype(const Tensor& a, const Tensor& b) {
  if (a.dtype() == b.dtype()) return a.dtype();
  const bool a_is_scalar = a.dim() == 0;
  const bool b_is_scalar = b.dim() == 0;
  if (a_is_scalar != b_is_scalar) {
    const DType tensor = a_is_scalar ? b.dtype() : a.dtype();
    const DType scalar = a_is_scalar ? a.dtype() : b.dtype();
    return category(scalar) > category(tensor) ? scalar : tensor;
  }
  return promote_types(a.dtype(), b.dtype());
}

DType result_dtype(const Tensor& a, Scalar b) {
  if (category(b.dtype()) <= category(a.dtype())) return a.dtype();
  return b.dtype() == DType::float64 ? DType::float32 : b.dtype();
}

bool can_cast(DType from, DType to) { return category(from) <= category(to); }

}  // namespace tarn::kernels
