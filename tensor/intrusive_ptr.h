#pragma once

#include <atomic>
#include <utility>

#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#endif

namespace tarn {

/// A count of owners inside the object itself. `intrusive_ptr<T>` calls `T::destroy(T*)` when the
/// last one leaves.
///
/// Counting is most of what a tiny op costs beside its arithmetic, so a locked instruction is only
/// used once the process has had a second thread.
class RefCounted {
 public:
  RefCounted() = default;
  RefCounted(const RefCounted&) = delete;
  RefCounted& operator=(const RefCounted&) = delete;

  int use_count() const { return count_.load(std::memory_order_relaxed); }

 private:
  template <class T>
  friend class intrusive_ptr;

  static bool is_single_threaded() {
#if __has_include(<sys/single_threaded.h>)
    return __libc_single_threaded != 0;
#else
    return false;
#endif
  }
  void acquire() const {
    if (is_single_threaded()) {
      count_.store(use_count() + 1, std::memory_order_relaxed);
    } else {
      count_.fetch_add(1, std::memory_order_relaxed);
    }
  }
  /// Whether the owner that leaves was the last one.
  bool release() const {
    // A sole owner has nobody to agree with.
    if (count_.load(std::memory_order_acquire) == 1) return true;
    if (is_single_threaded()) {
      count_.store(use_count() - 1, std::memory_order_relaxed);
      return false;
    }
    return count_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  }

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
    if (object_) object_->acquire();
  }
  void release() {
    if (object_ && object_->release()) T::destroy(object_);
  }

  T* object_ = nullptr;
};

}  // namespace tarn
