#pragma once

#include <string>

namespace tarn {

/// Receives the text of a warning.
using WarningHandler = void (*)(const std::string& message);

/// Replaces what happens to warnings; returns the previous handler. The default writes "tarn:
/// warning: ..." to stderr.
WarningHandler set_warning_handler(WarningHandler handler);

/// Reports `message` the first time in the process that this `key` is used.
void warn_once(const char* key, const std::string& message);

/// Forgets which warnings were given, so that the next ones are reported again.
void reset_warnings();

}  // namespace tarn
