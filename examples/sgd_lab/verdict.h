#pragma once

#include <string>

/// What a theory claims, what was measured, and whether they agree. A NaN agrees with nothing.
struct Verdict {
  std::string claim;
  std::string measured;
  std::string expected;  ///< with its tolerance: "1.571 ± 0.236"
  bool holds;
};

/// |measured - expected| <= tolerance.
Verdict within(std::string claim, double measured, double expected, double tolerance);
Verdict at_most(std::string claim, double measured, double limit);
Verdict at_least(std::string claim, double measured, double limit);
/// The same number, bit for bit.
Verdict exactly(std::string claim, double measured, double expected);
