#include <tarn/tensor/detail/pending_product.h>
#include <tarn/tensor/kernels/gemm.h>

namespace tarn {

template <class T>
void PendingProduct::compute(std::int64_t first, std::int64_t last, T* out) const {
  const auto matrix = [](const Tensor& x) {
    return kernels::Matrix<const T>{x.data_ptr<T>(), x.sizes()[0], x.sizes()[1], x.strides()[0],
                                    x.strides()[1]};
  };
  kernels::Matrix<const T> part = matrix(left);
  part.data += first * part.row_stride;
  part.rows = last - first;
  kernels::gemm<T>(part, matrix(right), {out, part.rows, columns(), columns(), 1});
}

template void PendingProduct::compute(std::int64_t, std::int64_t, float*) const;
template void PendingProduct::compute(std::int64_t, std::int64_t, double*) const;

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
