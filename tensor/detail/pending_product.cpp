#include <tarn/tensor/detail/pending_product.h>
#include <tarn/tensor/kernels/gemm.h>

namespace tarn {

template <class T>
void PendingProduct::compute(const Part& rows, const Part& columns, T* out) const {
  const auto matrix = [](const Tensor& x) {
    return kernels::Matrix<const T>{x.data_ptr<T>(), x.sizes()[0], x.sizes()[1], x.strides()[0],
                                    x.strides()[1]};
  };
  kernels::Matrix<const T> a = matrix(left);
  a.data += rows.begin * a.row_stride;
  a.rows = rows.end - rows.begin;
  kernels::Matrix<const T> b = matrix(right);
  b.data += columns.begin * b.column_stride;
  b.columns = columns.end - columns.begin;
  kernels::gemm<T>(a, b, {out, a.rows, b.columns, b.columns, 1});
}

template void PendingProduct::compute(const Part&, const Part&, float*) const;
template void PendingProduct::compute(const Part&, const Part&, double*) const;

Tensor pending_product(const Tensor& left, const Tensor& right, const Shape& sizes,
                       const Shape& strides) {
  // A factor that is pending itself must not wait until this one is computed, under one lock.
  for (const Tensor* factor : {&left, &right}) factor->impl().data();
  auto* impl = new TensorImpl;
  Tensor result{intrusive_ptr<TensorImpl>(impl)};
  impl->sizes = sizes;
  impl->strides = strides;
  impl->numel = numel(sizes);
  impl->dtype = left.dtype();
  impl->set_pending(new PendingProduct{left, right});
  return result;
}

}  // namespace tarn
