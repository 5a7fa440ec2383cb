#include "verdict.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "table.h"

namespace {

/// With as many digits as it takes to tell it from numbers `apart` from it: at least 4, at most 15.
std::string shown(double number, double apart) {
  const double digits = std::ceil(std::log10(std::abs(number / apart))) + 1;
  if (!(digits > 4)) return ::shown(number);
  char text[32];
  std::snprintf(text, sizeof(text), "%.*g", static_cast<int>(std::min(digits, 15.0)), number);
  return text;
}

}  // namespace

Verdict within(std::string claim, double measured, double expected, double tolerance) {
  return {std::move(claim), shown(measured, tolerance),
          shown(expected, tolerance) + " ± " + shown(tolerance),
          std::abs(measured - expected) <= tolerance};
}

Verdict at_most(std::string claim, double measured, double limit) {
  return {std::move(claim), shown(measured), "≤ " + shown(limit), measured <= limit};
}

Verdict at_least(std::string claim, double measured, double limit) {
  return {std::move(claim), shown(measured), "≥ " + shown(limit), measured >= limit};
}

Verdict exactly(std::string claim, double measured, double expected) {
  return {std::move(claim), shown(measured), shown(expected) + " exactly", measured == expected};
}
