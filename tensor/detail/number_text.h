#pragma once

#include <array>
#include <charconv>
#include <string>

namespace tarn {

/// The number for people with so many digits, as "%.*g" (general) or, after the point, "%.*f"
/// (fixed) write it, in every locale.
inline std::string number_text(double number, int digits,
                               std::chars_format format = std::chars_format::general) {
  std::array<char, 400> text{};
  const auto end = std::to_chars(text.begin(), text.end(), number, format, digits).ptr;
  return {text.begin(), end};
}

}  // namespace tarn
