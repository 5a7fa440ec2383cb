#include "terminal.h"

#include <csignal>
#include <cstdio>
#include <iostream>
#include <streambuf>

#include <fcntl.h>
#include <unistd.h>

std::string join_fields(const std::vector<std::string>& fields, int width) {
  const auto room = static_cast<std::size_t>(width);
  std::string text;
  std::size_t column = 0;
  for (const std::string& field : fields) {
    std::size_t gap = column > 0 ? 2 : 0;
    if (gap + column + field.size() > room) {
      if (column > 0) text += '\n';
      column = 0;
      gap = 2 + field.size() <= room ? 2 : 0;
    }
    text.append(gap, ' ').append(field);
    column += gap + field.size();
  }
  return text;
}

void silence_output() {
  static struct : std::streambuf {
    int overflow(int character) override { return character == EOF ? 0 : character; }
  } nowhere;
  std::cout.rdbuf(&nowhere);
}

void survive_closed_output() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a limit on the size of files
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    // The lowest free number is taken, so this is `stream` again. Read-only: writing stays an
    // error.
    if (fcntl(stream, F_GETFD) == -1) open("/dev/null", O_RDONLY | O_CLOEXEC);
  }
}
