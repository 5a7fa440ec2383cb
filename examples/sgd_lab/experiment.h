#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "findings.h"

/// Under what conditions an experiment runs. The default generator has been seeded with `seed`.
struct Conditions {
  bool quick = false;      ///< smaller, in seconds; the claims and their tolerances are the same
  std::uint64_t seed = 0;  ///< of everything random
  std::string data;        ///< folder with MNIST's files
  std::function<void(double done)> progress;  ///< to be called now and then, done in 0..1

  /// The number for this form of the experiment.
  template <class T>
  T either(T for_quick, T for_full) const {
    return quick ? for_quick : for_full;
  }
};

/// A claim of the course's section 4.3 as a program.
struct Experiment {
  std::string name;  ///< "variance": its file in experiments/, its anchor on the page
  std::string title;
  std::string part;  ///< of the section: "Exercise 1"
  std::string question;
  Findings (*run)(const Conditions& conditions);
};

/// All of them, in the order of the page.
const std::vector<Experiment>& experiments();
