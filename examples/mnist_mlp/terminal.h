#pragma once

#include <string>
#include <vector>

/// The fields of one line with two spaces between them, on several lines where the width asks for
/// it.
std::string join_fields(const std::vector<std::string>& fields, int width);

/// Leaves out what is written to standard output from now on: of several ranks one prints.
void silence_output();

/// Makes a standard output that is closed, or closes later, an error of the stream: without this, a
/// pipe's reader that leaves kills the program, and a file opened later takes the place of a closed
/// standard stream.
void survive_closed_output();
