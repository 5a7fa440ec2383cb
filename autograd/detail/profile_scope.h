#pragma once

#include <cstddef>
#include <string>

#include <tarn/autograd/node.h>

// What a Profiler is told; costs a look at a pointer while there is none.
namespace tarn {

class Profiler;

namespace detail {

/// The profiler of this thread, or null.
Profiler* current_profiler();

/// Notes that the recorded op of `node` has just been computed.
void profile_op(const Node& node);

/// A stretch of time that belongs together: `name()` is called when somebody wants to know.
class ProfileScope {
 public:
  template <class Name>
  explicit ProfileScope(const Name& name) : profiler_(current_profiler()) {
    if (profiler_) begin(name());
  }
  /// The gradient of the op of `node`.
  explicit ProfileScope(const Node& node) : profiler_(current_profiler()) {
    if (profiler_) begin_backward(node);
  }
  ~ProfileScope() {
    if (profiler_) end();
  }
  ProfileScope(const ProfileScope&) = delete;
  ProfileScope& operator=(const ProfileScope&) = delete;

 private:
  void begin(std::string name);
  void begin_backward(const Node& node);
  void end() noexcept;

  Profiler* profiler_;
  std::size_t depth_ = 0;
};

}  // namespace detail
}  // namespace tarn
