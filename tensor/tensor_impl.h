#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <tarn/tensor/dtype.h>
#include <tarn/tensor/intrusive_ptr.h>
#include <tarn/tensor/shape.h>
#include <tarn/tensor/storage.h>

namespace tarn {

struct PendingProduct;
struct TensorImpl;

/// What a tensor came from, as seen by the tensor: autograd's nodes derive from it.
class History : public RefCounted {
 public:
  virtual ~History() = default;
  /// The tensor that this history belongs to as a leaf is going away.
  virtual void leaf_destroyed() noexcept {}
  static void destroy(History* history) noexcept { history->last_owner_left(); }

 private:
  /// Frees the object; a chain of a million nodes must not free one another recursively.
  virtual void last_owner_left() noexcept = 0;
};

/// How a node finds the tensor that retains the gradient arriving there: null when that is gone.
struct GradOwner : RefCounted {
  explicit GradOwner(TensorImpl* impl) : tensor(impl) {}
  static void destroy(GradOwner* owner) noexcept { delete owner; }

  TensorImpl* tensor;
};

/// The object behind the handle `Tensor`: where the elements lie, and the tensor's place in the
/// graph.
struct TensorImpl : RefCounted {
  const intrusive_ptr<Storage>& storage() {
    complete();
    return storage_;
  }
  /// The first element, inside storage().
  std::byte* data() {
    complete();
    return data_;
  }
  void set_data(intrusive_ptr<Storage> storage, std::byte* data) {
    storage_ = std::move(storage);
    data_ = data;
  }
  /// The product that the elements are still to become (detail/pending_product.h); null when they
  /// are there. What it points to stays as long as this object.
  const PendingProduct* pending() const {
    return is_pending_.load(std::memory_order_acquire) ? product_ : nullptr;
  }
  /// Takes the product over.
  void set_pending(const PendingProduct* product) {
    product_ = product;
    is_pending_.store(true, std::memory_order_release);
  }

  Shape sizes;
  Shape strides;  ///< in elements
  std::int64_t numel = 1;
  DType dtype = DType::float32;

  bool requires_grad = false;
  bool grad_was_stepped = false;  ///< an optimizer has used `grad` already
  bool has_optimizer = false;     ///< some optimizer updates this leaf
  /// The storage's version at which `history` was right.
  std::uint32_t history_version = 0;
  /// The node that computes this tensor (non-leaf) or that collects its gradient (leaf, made on
  /// first use).
  intrusive_ptr<History> history;
  bool is_leaf = true;
  intrusive_ptr<TensorImpl> grad;
  /// For a view: the tensor that it shows a part of, which is no view itself. A recorded write to
  /// either one gives the other its new history.
  intrusive_ptr<TensorImpl> base;

  /// A recorded write to the elements came after `history`.
  bool is_stale() const { return !pending() && history_version < storage_->recorded_version; }
  intrusive_ptr<GradOwner> grad_owner;  ///< set by retain_grad()

  static void* operator new(std::size_t bytes);
  static void operator delete(void* block, std::size_t bytes) noexcept;
  static void destroy(TensorImpl* impl) noexcept;

 private:
  void complete() {
    if (pending()) compute_pending();
  }
  void compute_pending();

  intrusive_ptr<Storage> storage_;
  std::byte* data_ = nullptr;
  const PendingProduct* product_ = nullptr;
  std::atomic<bool> is_pending_ = false;
};

}  // namespace tarn
