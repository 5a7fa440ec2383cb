#pragma once

#include <cstdint>

#include <tarn/optim/objective.h>

namespace tarn::optim {

/// Where and for how long sharpness() looks.
struct SharpnessOptions {
  double epsilon = 1e-3;           ///< half width of the box, relative to |theta_i| + 1, > 0
  std::int64_t iterations = 10;    ///< ascent steps, >= 1: Keskar et al. took 10
  std::uint64_t seed = 0;          ///< of the point in the box where the ascent begins
  std::int64_t chunk_size = 1024;  ///< examples fetched at once; never changes the result
};

/// What sharpness() found.
struct Sharpness {
  double value;     ///< phi, in percent
  double loss;      ///< f(theta)
  double max_loss;  ///< the largest loss found in the box
};

/// How much a loss >= 0 can rise nearby (Keskar et al. 2017, metric 2.1, with the whole space for
/// A):
///
///   phi = 100 (max_y f(theta + y) - f(theta)) / (1 + f(theta)),   |y_i| <= epsilon (|theta_i| + 1)
///
/// The maximum is sought by conditional gradients (Frank and Wolfe 1956) with a halving line
/// search, which never falls and, where the loss is convex, ends at a corner of the box; the paper
/// used L-BFGS-B. What is found is a lower bound. Each iteration costs a gradient and some losses
/// over the data. The parameters come back as they were. Throws ValueError for options outside the
/// ranges given, and when 1 + f(theta) is not above 0.
Sharpness sharpness(const Objective& objective, const SharpnessOptions& options = {});

}  // namespace tarn::optim
