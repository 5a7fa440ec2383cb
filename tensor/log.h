#pragma once

#include <functional>
#include <string>

#include <tarn/tensor/str.h>

namespace tarn {

/// What the library says besides its results, from the least to the most. Mistakes are exceptions.
///
///   off      nothing
///   error    what went wrong where nothing can be thrown: in a destructor
///   warning  what is probably a mistake
///   info     what happens once: data sets, threads, checkpoints, steps that were left out
///   debug    what happens over and over: epochs of loaders, gradients that were clipped
enum class LogLevel { off, error, warning, info, debug };

/// The most that is said. At the start it is what the environment variable TARN_LOG names: "off",
/// "error", "warning", "info" or "debug"; without it, or with anything else, which is warned of
/// once, `warning`.
LogLevel log_level();
void set_log_level(LogLevel level);

/// Receives a message's level and text, on the thread that it comes from. It may throw: the call
/// that has something to say then ends with that exception.
using LogHandler = std::function<void(LogLevel level, const std::string& message)>;

/// Replaces what happens to messages; returns the previous handler. The default, also set by an
/// empty one, writes "tarn: warning: ..." as a line to stderr.
LogHandler set_log_handler(LogHandler handler);

/// Hands `message` to the handler if `level` is said. Throws what the handler throws.
void log_message(LogLevel level, const std::string& message);

/// The parts in one text, as str() puts them together; costs one look at a number when `level` is
/// not said.
template <class... Parts>
void log_at(LogLevel level, const Parts&... parts) {
  if (level <= log_level()) log_message(level, str(parts...));
}

/// A warning, the first time in the process that this `key` is used and warnings are said.
void warn_once(const char* key, const std::string& message);

/// Forgets which warnings were given, so that the next ones are reported again.
void reset_warnings();

}  // namespace tarn
