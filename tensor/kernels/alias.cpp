#include <tarn/tensor/kernels/alias.h>

namespace tarn::kernels {

Tensor alias(const Tensor& x, const Shape& sizes, const Shape& strides, std::int64_t offset) {
  TensorImpl& source = x.impl();
  auto* impl = new TensorImpl;
  Tensor result{intrusive_ptr<TensorImpl>(impl)};
  impl->set_data(source.storage(),
                 source.data() + offset * static_cast<std::int64_t>(element_size(source.dtype)));
  impl->sizes = sizes;
  impl->strides = strides;
  impl->numel = numel(sizes);
  impl->dtype = source.dtype;
  impl->history_version = source.storage()->version();
  return result;
}

Shape broadcast_strides(const Tensor& x, const Shape& shape) {
  const Shape& sizes = x.sizes();
  Shape strides = Shape::filled(shape.size(), 0);
  const int offset = shape.size() - sizes.size();
  for (int i = 0; i < sizes.size(); ++i) strides[offset + i] = sizes[i] == 1 ? 0 : x.strides()[i];
  return strides;
}

}  // namespace tarn::kernels
