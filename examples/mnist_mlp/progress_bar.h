#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "terminal.h"

/// A line at the bottom of the terminal that is drawn over and over; nothing elsewhere.
///
///   3/10 [===========>          ] 52%  ETA 0:04  loss 0.0912  accuracy 97.31%
class ProgressBar {
 public:
  explicit ProgressBar(const Terminal& terminal) : terminal_(terminal) {}
  ~ProgressBar() { clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /// True when it is time to draw again: ten times a second, on a terminal.
  bool is_due() const;
  /// Draws `done` of 1, with `label` before it and as many of `fields` behind it as fit, most
  /// important first.
  void draw(double done, const std::string& label, const std::vector<std::string>& fields);
  /// Removes the line, so that other text can take its place.
  void clear();

 private:
  const Terminal& terminal_;
  std::chrono::steady_clock::time_point last_{};
  bool visible_ = false;
};
