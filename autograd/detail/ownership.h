#pragma once

#include <tarn/tensor/tensor.h>

namespace tarn {

/// Nobody else can see the tensor's elements, and they lie without gaps: it may be changed in place
/// unnoticed.
inline bool is_only_owner(const Tensor& tensor) {
  const TensorImpl& impl = tensor.impl();
  return impl.use_count() == 1 && impl.storage->use_count() == 1 && tensor.is_dense();
}

}  // namespace tarn
