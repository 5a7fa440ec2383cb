#include <tarn/tensor/kernels/elementwise.h>

namespace tarn::kernels {
namespace {

template <class To, class From>
void copy_typed(const Tensor& out, const Tensor& x) {
  constexpr int lanes = std::min(kLanes<To>, kLanes<From>);
  map_into<lanes, To, From>(
      out,
      [](const auto& v) {
        if constexpr (std::is_same_v<To, bool>) {
          return v != From(0);
        } else {
          return v.template cast<To>();
        }
      },
      x);
}

}  // namespace

void copy_into(const Tensor& out, const Tensor& x) {
  visit(out.dtype(),
        [&]<class To>() { visit(x.dtype(), [&]<class From>() { copy_typed<To, From>(out, x); }); });
}

void fill(const Tensor& out, Scalar value) {
  const Tensor number = empty({}, {.dtype = out.dtype()});
  visit(out.dtype(), [&]<class T>() { *number.data_ptr<T>() = value.to<T>(); });
  copy_into(out, number);
}

Tensor cast(const Tensor& x, DType dtype, bool contiguous) {
  if (x.dtype() == dtype && (!contiguous || x.is_contiguous())) return x;
  Tensor out = contiguous ? empty(x.sizes(), {.dtype = dtype}) : empty_like(x, dtype);
  copy_into(out, x);
  return out;
}

}  // namespace tarn::kernels
