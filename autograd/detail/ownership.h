#pragma once

#include <tarn/tensor/tensor.h>

namespace tarn {

/// Nobody else can see the tensor's elements, and they lie without gaps: it may be changed in place
/// unnoticed.
inline bool is_only_owner(const Tensor& tensor) {
  TensorImpl& impl = tensor.impl();
  if (impl.use_count() != 1) return false;
  if (impl.pending()) return true;
  // A view holds the tensor that it shows, perhaps as its last owner.
  const int own = impl.base && impl.base->use_count() == 1 ? 2 : 1;
  return impl.storage()->use_count() == own && tensor.is_dense();
}

}  // namespace tarn
