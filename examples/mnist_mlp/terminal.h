#pragma once

#include <string>
#include <vector>

/// What standard output can show.
class Terminal {
 public:
  /// Looks at standard output, TERM and NO_COLOR. Under mpirun it is a terminal whatever mpirun's
  /// own output is: `shared` takes it for a file then.
  explicit Terminal(bool shared = false);

  /// Text can be overwritten: a terminal that is not dumb.
  bool is_interactive() const { return interactive_; }
  /// Interactive, and the user has not set NO_COLOR.
  bool has_color() const { return color_; }
  /// Columns of the window as it is now; very many when standard output is not a terminal.
  int width() const;

 private:
  bool tty_;
  bool interactive_;
  bool color_;
};

/// The fields of one line with two spaces between them, on several lines where the width asks for
/// it.
std::string join_fields(const std::vector<std::string>& fields, int width);

/// Leaves out what is written to standard output from now on: of several ranks one prints.
void silence_output();

/// Makes a standard output that is closed, or closes later, an error of the stream: without this, a
/// pipe's reader that leaves kills the program, and a file opened later takes the place of a closed
/// standard stream.
void survive_closed_output();
