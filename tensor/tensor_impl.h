#pragma once

#include <cstddef>
#include <cstdint>

#include <tarn/tensor/dtype.h>
#include <tarn/tensor/intrusive_ptr.h>
#include <tarn/tensor/shape.h>
#include <tarn/tensor/storage.h>

namespace tarn {

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
  intrusive_ptr<Storage> storage;
  std::byte* data = nullptr;  ///< the first element, inside storage
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
  bool is_stale() const { return history_version < storage->recorded_version; }
  intrusive_ptr<GradOwner> grad_owner;  ///< set by retain_grad()

  static void* operator new(std::size_t bytes);
  static void operator delete(void* block, std::size_t bytes) noexcept;
  static void destroy(TensorImpl* impl) noexcept;
};

}  // namespace tarn
