#pragma once

#include <cstdint>
#include <string>

#include <tarn/tensor/error.h>

namespace tarn::io::detail {

/// A file that messages are about.
struct FileName {
  const char* component;  ///< opens every message
  std::string path;

  /// "<component>: <path>: <text>" with the place `offset`.
  FormatError error(const std::string& text, std::uint64_t offset) const;
  /// Throws it.
  [[noreturn]] void fail(const std::string& text, std::uint64_t offset = 0) const;
  /// Throws IoError with the text of `error_number`.
  [[noreturn]] void fail_system(const char* what, int error_number) const;
};

}  // namespace tarn::io::detail
