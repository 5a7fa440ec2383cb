#pragma once

/// The calls to the system with which files are written (open for writing, write, pwrite,
/// ftruncate, fsync, close, rename) fail where a test says so. Of calls by other threads and for
/// reading nothing is counted.
struct FailingCalls {
  /// The n-th call from now on fails with `error`, n = 1, 2, ...; where `from_then_on`, all after
  /// it too. What was written before stays: a write that fails has written a part where `partial`.
  FailingCalls(int n, int error, bool from_then_on, bool partial = false);
  ~FailingCalls();
  FailingCalls(const FailingCalls&) = delete;
  FailingCalls& operator=(const FailingCalls&) = delete;

  /// Calls so far.
  int count() const;
  /// The name of the first call that failed; null: none has.
  const char* failed() const;
};
