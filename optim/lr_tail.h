#pragma once

#include <cstdint>

namespace tarn::optim {

/// How a schedule goes on for ever, from the step `begin`: what robbins_monro() adds up in closed
/// form. Schedules give it by LRScheduler::tail().
struct LRTail {
  enum class Kind {
    unknown,    ///< nothing can be said
    repeating,  ///< lr(t + period) = ratio lr(t); a constant repeats with period 1 and ratio 1
    power,      ///< lr(t) = lr(begin) (1 + (t - begin) / offset)^-exponent
    lasting     ///< not falling to 0: the mean over long times stays above some positive rate
  };
  Kind kind = Kind::unknown;
  std::int64_t begin = 0;
  std::int64_t period = 1;  ///< of repeating, >= 1
  double ratio = 1;         ///< of repeating, >= 0
  double exponent = 0;      ///< of power, >= 0
  double offset = 1;        ///< of power, > 0

  static LRTail repeating(std::int64_t begin, std::int64_t period, double ratio = 1) {
    return {.kind = Kind::repeating, .begin = begin, .period = period, .ratio = ratio};
  }
  static LRTail constant(std::int64_t begin) { return repeating(begin, 1); }
  static LRTail power(std::int64_t begin, double exponent, double offset) {
    return {.kind = Kind::power, .begin = begin, .exponent = exponent, .offset = offset};
  }
  static LRTail lasting() { return {.kind = Kind::lasting}; }

  /// The tail of the same schedule when it starts `steps` later.
  LRTail later(std::int64_t steps) const {
    LRTail result = *this;
    result.begin += steps;
    return result;
  }
};

}  // namespace tarn::optim
