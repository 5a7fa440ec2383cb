#pragma once

namespace tarn {

namespace detail {
inline constinit thread_local bool anomaly_enabled = false;
}

/// Whether an AnomalyGuard lives on this thread.
inline bool is_anomaly_enabled() { return detail::anomaly_enabled; }

/// While it lives, backward() and grad() on this thread look for NaN in every gradient and throw
/// AutogradError at the first: it names the op whose gradient it is, with its line in the program
/// and the shape, and the first op recorded under the guard whose result had a NaN already. Slows
/// training; for debugging.
class AnomalyGuard {
 public:
  AnomalyGuard();
  ~AnomalyGuard() { detail::anomaly_enabled = previous_; }
  AnomalyGuard(const AnomalyGuard&) = delete;
  AnomalyGuard& operator=(const AnomalyGuard&) = delete;

 private:
  bool previous_;
};

}  // namespace tarn
