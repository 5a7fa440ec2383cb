#pragma once

/// Turns the first SIGINT or SIGTERM into a request to stop at the next good moment. A second one
/// ends the program at once, as usual.
void catch_stop_signals();

/// The signal that has come, or 0.
int stop_signal();
