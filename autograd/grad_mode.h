#pragma once

namespace tarn {

namespace detail {
inline constinit thread_local bool grad_enabled = true;
}

/// Whether ops on this thread are recorded. On by default.
inline bool is_grad_enabled() { return detail::grad_enabled; }

/// Sets whether ops on this thread are recorded for the guard's lifetime.
class GradModeGuard {
 public:
  explicit GradModeGuard(bool enabled) : previous_(detail::grad_enabled) {
    detail::grad_enabled = enabled;
  }
  ~GradModeGuard() { detail::grad_enabled = previous_; }
  GradModeGuard(const GradModeGuard&) = delete;
  GradModeGuard& operator=(const GradModeGuard&) = delete;

 private:
  bool previous_;
};

/// No op is recorded on this thread while it lives: for evaluation, and for updates of parameters.
class NoGradGuard : GradModeGuard {
 public:
  NoGradGuard() : GradModeGuard(false) {}
};

}  // namespace tarn
