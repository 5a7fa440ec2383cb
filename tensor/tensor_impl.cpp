#include <tarn/tensor/pool.h>
#include <tarn/tensor/tensor_impl.h>

namespace tarn {

void* TensorImpl::operator new(std::size_t bytes) { return pool::allocate(bytes); }

void TensorImpl::operator delete(void* block, std::size_t bytes) noexcept {
  pool::deallocate(block, bytes);
}

void TensorImpl::destroy(TensorImpl* impl) noexcept {
  if (impl->is_leaf) {
    if (impl->history) impl->history->leaf_destroyed();
    if (impl->requires_grad) --impl->storage->leaf_owners;
  }
  if (impl->grad_owner) impl->grad_owner->tensor = nullptr;
  delete impl;
}

}  // namespace tarn
