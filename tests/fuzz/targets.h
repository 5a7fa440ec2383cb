#pragma once

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <span>
#include <string>
#include <vector>

/// A parser that is given bytes from nobody knows where.
struct FuzzTarget {
  const char* name;
  /// Reads `bytes` as a file. Returns when the parser accepts them or throws a tarn::Error; any
  /// other end, and a result that breaks a promise, is a finding.
  void (*read)(std::span<const std::uint8_t> bytes);
  /// Folders of files to begin with, below tests/.
  std::vector<std::string> seeds;
};

/// How GoogleTest shows a target.
inline void PrintTo(const FuzzTarget& target, std::ostream* out) { *out << target.name; }

const std::vector<FuzzTarget>& fuzz_targets();
