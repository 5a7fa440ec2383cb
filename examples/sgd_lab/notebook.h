#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiment.h"

/// What is kept of an experiment that was run.
struct Entry {
  std::string conditions;  ///< the program and the options that it was run with
  std::string command;     ///< that runs it again
  double seconds = 0;
  std::string html;
  std::vector<Verdict> verdicts;

  bool holds() const;
};

/// The folder of results: an entry for each experiment that was run, and beside it the numbers of
/// its tables and pictures as CSV and the pictures as SVG. So a laboratory that was interrupted
/// goes on where it was.
class Notebook {
 public:
  /// Makes the folder if it does not exist. Throws std::filesystem::filesystem_error.
  explicit Notebook(std::string folder);

  /// The entry of that experiment if it was made under these conditions.
  std::optional<Entry> find(const std::string& name, const std::string& conditions) const;

  /// Writes down findings; `entry` has its conditions, command and seconds. Throws tarn::IoError.
  Entry write(const Experiment& experiment, const Findings& findings, Entry entry) const;

  /// The file `name` in the folder.
  std::string path(const std::string& name) const { return folder_ + "/" + name; }

 private:
  void describe(const std::string& name, const Findings& findings, Entry& entry) const;

  std::string folder_;
};

/// Writes a file so that nobody sees half of it. Throws tarn::IoError.
void write_file(const std::string& path, const std::string& text);
