#pragma once

namespace tarn {

/// Where in the user's program an op was called; errors of backward() name it. Every op takes it as
/// its last argument, filled in by the compiler. It is what std::source_location would be, which
/// clang 14 lacks.
class Where {
 public:
  constexpr Where() = default;
  static constexpr Where current(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return {Key(), file, line};
  }

  constexpr const char* file_name() const { return file_; }
  constexpr int line() const { return line_; }

 private:
  // No list of numbers is a Where: `mean(x, {0, 1})` names dimensions.
  struct Key {};
  constexpr Where(Key, const char* file, int line) : file_(file), line_(line) {}

  const char* file_ = "";
  int line_ = 0;
};

}  // namespace tarn
