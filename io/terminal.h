#pragma once

#include <cstdio>
#include <string>

namespace tarn::io {

/// What the end of an output stream can show.
class Terminal {
 public:
  /// No terminal: a file or pipe.
  Terminal() = default;
  /// Looks at `file`, and at TERM and NO_COLOR (no-color.org).
  explicit Terminal(std::FILE* file);

  /// Text can be overwritten: a terminal, whose TERM is set and not "dumb".
  bool is_interactive() const { return interactive_; }
  /// Interactive, and the user has not set NO_COLOR to anything.
  bool has_color() const { return color_; }
  /// Columns as of now: the window's; else, where it does not tell, the variable COLUMNS or 80. Of
  /// a file or pipe INT_MAX.
  int width() const;

 private:
  int descriptor_ = -1;  // of a terminal
  bool interactive_ = false;
  bool color_ = false;
};

}  // namespace tarn::io
