#include "program.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

int check(int result, const char* what) {
  if (result == -1) throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
  return result;
}

struct Channel {
  int read;
  int write;
};

Channel open_pipe() {
  std::array<int, 2> ends;
  check(pipe2(ends.data(), O_CLOEXEC), "pipe2");
  return {ends[0], ends[1]};
}

Channel open_terminal(int columns) {
  const int master = check(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), "posix_openpt");
  check(grantpt(master), "grantpt");
  check(unlockpt(master), "unlockpt");
  const int slave = check(open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC), "open terminal");
  winsize size{};
  size.ws_col = static_cast<unsigned short>(columns);
  size.ws_row = 24;
  check(ioctl(slave, TIOCSWINSZ, &size), "TIOCSWINSZ");
  return {master, slave};
}

[[noreturn]] void become(const std::string& program, const std::vector<std::string>& arguments,
                         const std::string& folder, const RunOptions& options, int out, int err) {
  std::signal(SIGPIPE, SIG_DFL);
  setenv("TERM", "xterm", 1);
  unsetenv("NO_COLOR");
  for (const std::string& variable : options.environment) {
    const auto equals = variable.find('=');
    setenv(variable.substr(0, equals).c_str(), variable.c_str() + equals + 1, 1);
  }
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  if (dup2(out, STDOUT_FILENO) != -1 && dup2(err, STDERR_FILENO) != -1 &&
      chdir(folder.c_str()) == 0) {
    execv(program.c_str(), argv.data());
  }
  _exit(127);
}

/// Reads both streams until the program has closed them, or is killed.
void read_all(int out, int err, pid_t child, const RunOptions& options, Outcome& outcome) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point end = Clock::now() + options.kill_after;
  std::array<pollfd, 2> streams{pollfd{out, POLLIN, 0}, pollfd{err, POLLIN, 0}};
  const std::array<std::string*, 2> texts{&outcome.out, &outcome.err};
  for (int open = out == -1 ? 1 : 2; open > 0;) {
    timespec left{};
    if (options.kill_after.count() > 0) {
      const auto time = std::max(Clock::duration::zero(), Clock::duration(end - Clock::now()));
      left.tv_nsec = std::chrono::nanoseconds(time % std::chrono::seconds(1)).count();
      left.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(time).count();
    }
    const timespec* const limit = options.kill_after.count() > 0 ? &left : nullptr;
    if (check(ppoll(streams.data(), streams.size(), limit, nullptr), "ppoll") == 0) {
      kill(child, SIGKILL);
      return;
    }
    for (std::size_t i = 0; i < streams.size(); ++i) {
      if (streams[i].fd == -1 || streams[i].revents == 0) continue;
      std::array<char, 4096> buffer;
      const ssize_t count = read(streams[i].fd, buffer.data(), buffer.size());
      // A terminal whose last user has left gives EIO.
      if (count > 0) {
        texts[i]->append(buffer.data(), static_cast<std::size_t>(count));
        if (i == 0 && options.watch) options.watch(child, outcome.out);
      } else {
        streams[i].fd = -1;
        --open;
      }
    }
  }
}

}  // namespace

std::string example_path(const std::string& name) {
  const auto build = std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path();
  return build / "examples" / name;
}

Outcome run_example(const std::string& name, const std::vector<std::string>& arguments,
                    const std::string& folder, const RunOptions& options) {
  return run_program(example_path(name), arguments, folder, options);
}

Outcome run_program(const std::string& program, const std::vector<std::string>& arguments,
                    const std::string& folder, const RunOptions& options) {
  Channel out = options.columns > 0 ? open_terminal(options.columns) : open_pipe();
  const Channel err = open_pipe();
  const pid_t child = check(fork(), "fork");
  if (child == 0) become(program, arguments, folder, options, out.write, err.write);
  close(out.write);
  close(err.write);
  if (options.close_output) {
    close(out.read);
    out.read = -1;
  }
  Outcome outcome{};
  read_all(out.read, err.read, child, options, outcome);
  if (out.read != -1) close(out.read);
  close(err.read);
  int status = 0;
  check(waitpid(child, &status, 0), "waitpid");
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  if (outcome.exit_code == 127)
    throw std::runtime_error("cannot run " + program + ": build it first");
  return outcome;
}
