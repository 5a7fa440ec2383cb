#include <mutex>

#include <tarn/tensor/detail/pending_product.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/kernels/visit.h>
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
    if (impl->requires_grad) --impl->storage()->leaf_owners;
  }
  if (impl->grad_owner) impl->grad_owner->tensor = nullptr;
  delete impl->product_;
  delete impl;
}

// Several threads may look at a tensor at once.
void TensorImpl::compute_pending() {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  if (!pending()) return;
  const Tensor elements = empty({product_->rows(), product_->columns()}, {.dtype = dtype});
  kernels::visit_floating("matmul", dtype, [&]<class T>() {
    product_->compute({0, product_->rows()}, {0, product_->columns()}, elements.data_ptr<T>());
  });
  set_data(elements.impl().storage(), elements.impl().data());
  is_pending_.store(false, std::memory_order_release);
}

}  // namespace tarn
