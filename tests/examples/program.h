#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include <sys/types.h>

/// What a program that ran to its end left behind.
struct Outcome {
  int exit_code;  ///< 128 + the signal's number when it was killed
  std::string out;
  std::string err;
};

/// How a program is run.
struct RunOptions {
  int columns = 0;  ///< of the terminal that its output goes to; 0: no terminal
  std::vector<std::string> environment{};  ///< "NO_COLOR=1"; on top of TERM=xterm
  bool close_output = false;               ///< the reader of its output leaves at once
  std::chrono::microseconds kill_after{};  ///< SIGKILL at that time after the start; 0: never
  /// Called with what it has written to its output so far, whenever there is more.
  std::function<void(pid_t program, const std::string& out)> watch{};
};

/// examples/<name> of this build.
std::string example_path(const std::string& name);

/// Runs `program`, a path, in the folder `folder`. Throws std::runtime_error when it cannot be
/// started.
Outcome run_program(const std::string& program, const std::vector<std::string>& arguments,
                    const std::string& folder, const RunOptions& options = {});

/// Runs examples/<name> of this build in the folder `folder`. Throws std::runtime_error when it
/// cannot be started.
Outcome run_example(const std::string& name, const std::vector<std::string>& arguments,
                    const std::string& folder, const RunOptions& options = {});
