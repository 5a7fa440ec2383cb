#pragma once

#include <concepts>
#include <string>
#include <string_view>

#include <tarn/tensor/dtype.h>
#include <tarn/tensor/shape.h>

namespace tarn {

/// How one value reads in a message. Never depends on the locale.
inline std::string_view to_text(std::string_view text) { return text; }
// Literals are pointers, which would rather become bool than a view.
inline std::string_view to_text(const char* text) { return text; }
inline std::string_view to_text(bool value) { return value ? "true" : "false"; }
inline std::string_view to_text(DType dtype) { return name(dtype); }
inline std::string to_text(char c) { return std::string(1, c); }
inline std::string to_text(const Shape& shape) { return to_string(shape); }
/// The shortest text that reads back as the same number.
std::string to_text(double value);
template <std::integral T>
std::string to_text(T value) {
  return std::to_string(value);
}

/// The values one after another as one string: `str("got ", 3, " for shape ", shape)`.
template <class... Values>
std::string str(const Values&... values) {
  std::string text;
  (text.append(to_text(values)), ...);
  return text;
}

}  // namespace tarn
