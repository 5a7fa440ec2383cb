#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

/// The median of `repetitions` timed calls of f, after 5 that are not timed.
template <class F>
double median_seconds(F f, int repetitions = 50) {
  for (int i = 0; i < 5; ++i) f();
  std::vector<double> times;
  for (int i = 0; i < repetitions; ++i) {
    const auto start = std::chrono::steady_clock::now();
    f();
    times.push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}
