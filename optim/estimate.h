#pragma once

#include <iosfwd>
#include <string>

namespace tarn::optim {

/// A number that was estimated from random draws, and how far it is from the truth: the standard
/// deviation of such estimates. Twice that on both sides holds the truth in about 95 of 100 cases.
struct Estimate {
  double value = 0;
  double standard_error = 0;  ///< NaN with fewer than two draws
};

/// "12.3 +- 0.4"
std::string to_string(const Estimate& estimate);
std::ostream& operator<<(std::ostream& out, const Estimate& estimate);

}  // namespace tarn::optim
