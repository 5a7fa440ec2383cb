#include "verdict.h"

#include <cmath>
#include <utility>

#include "table.h"

Verdict within(std::string claim, double measured, double expected, double tolerance) {
  return {std::move(claim), shown(measured), shown(expected) + " ± " + shown(tolerance),
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
