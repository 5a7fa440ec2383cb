#pragma once

#include <concepts>
#include <cstdint>
#include <string>

namespace tarn {

/// A number for the height and one for the width: `3` stands for both, `{3, 5}` names each.
struct Size2d {
  template <std::integral T>
  Size2d(T both)  // NOLINT(google-explicit-constructor)
      : height(static_cast<std::int64_t>(both)), width(height) {}
  Size2d(std::int64_t h, std::int64_t w) : height(h), width(w) {}

  bool operator==(const Size2d&) const = default;

  std::int64_t height;
  std::int64_t width;
};

/// "(3, 5)"
inline std::string to_text(const Size2d& size) {
  return "(" + std::to_string(size.height) + ", " + std::to_string(size.width) + ")";
}

}  // namespace tarn
