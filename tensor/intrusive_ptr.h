#pragma once

#include <atomic>
#include <utility>

namespace tarn {

/// A count of owners inside the object itself. `intrusive_ptr<T>` calls `T::destroy(T*)` when the
/// last one leaves.
class RefCounted {
 public:
  RefCounted() = default;
  RefCounted(const RefCounted&) = delete;
  RefCounted& operator=(const RefCounted&) = delete;

  int use_count() const { return count_.load(std::memory_order_relaxed); }

 private:
  template <class T>
  friend class intrusive_ptr;
  mutable std::atomic<int> count_{0};
};

/// A shared owner of a RefCounted object, one pointer wide.
template <class T>
class intrusive_ptr {
 public:
  intrusive_ptr() = default;
  explicit intrusive_ptr(T* object) : object_(object) { acquire(); }
  intrusive_ptr(const intrusive_ptr& other) : object_(other.object_) { acquire(); }
  intrusive_ptr(intrusive_ptr&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  intrusive_ptr& operator=(intrusive_ptr other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~intrusive_ptr() { release(); }

  T* get() const { return object_; }
  T* operator->() const { return object_; }
  T& operator*() const { return *object_; }
  explicit operator bool() const { return object_ != nullptr; }
  bool operator==(const intrusive_ptr& other) const = default;
  void reset() { *this = intrusive_ptr(); }

 private:
  void acquire() {
    if (object_) object_->count_.fetch_add(1, std::memory_order_relaxed);
  }
  void release() {
    if (object_ && object_->count_.fetch_sub(1, std::memory_order_acq_rel) == 1)
      T::destroy(object_);
  }

  T* object_ = nullptr;
};

}  // namespace tarn
