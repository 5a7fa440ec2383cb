#pragma once

#include <functional>
#include <utility>

namespace tarn {

/// Takes a hook back. Dropping the handle does not: the hook lives as long as what it was
/// registered on.
class RemovableHandle {
 public:
  RemovableHandle() = default;
  explicit RemovableHandle(std::function<void()> undo) : undo_(std::move(undo)) {}

  /// The hook is not called any more, from now on, even by a backward() that is under way. Calling
  /// it again does nothing.
  void remove() {
    if (const auto undo = std::exchange(undo_, nullptr)) undo();
  }

 private:
  std::function<void()> undo_;
};

}  // namespace tarn
