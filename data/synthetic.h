#pragma once

#include <cstdint>
#include <vector>

#include <tarn/data/tensor_dataset.h>

namespace tarn::data {

// Small made-up problems, as float32 tensors; functions of their options alone. All throw
// ValueError for n < 1 and for options that are not finite or out of range. Classification targets
// are int64 [n]; example i is of class i % number of classes.

/// What make_moons() makes.
struct MoonsOptions {
  std::int64_t n = 100;  ///< examples
  double noise = 0;      ///< standard deviation added to each coordinate, >= 0
  std::uint64_t seed = 0;
};
/// Two half circles that reach into one another, data [n, 2]: class 0 on (cos t, sin t), class 1 on
/// (1 - cos t, 1/2 - sin t), with t spread evenly over 0..pi. As scikit-learn's make_moons.
TensorDataset make_moons(const MoonsOptions& options = {});

/// What make_spirals() makes.
struct SpiralsOptions {
  std::int64_t n = 300;      ///< examples
  std::int64_t classes = 3;  ///< arms, >= 1
  double turns = 0.75;       ///< of each arm around the origin
  double noise = 0;          ///< standard deviation added to each coordinate, >= 0
  std::uint64_t seed = 0;
};
/// Arms that wind around one another, data [n, 2]: class c on r (cos a, sin a) with r spread evenly
/// over 0..1 and a = 2 pi (turns r + c / classes).
TensorDataset make_spirals(const SpiralsOptions& options = {});

/// What make_blobs() makes.
struct BlobsOptions {
  std::int64_t n = 100;       ///< examples
  std::int64_t classes = 3;   ///< >= 1
  std::int64_t features = 2;  ///< >= 1
  double std = 1;             ///< of each blob in each direction, >= 0
  double box = 10;            ///< centres are uniform on -box..box in each direction, > 0
  std::uint64_t seed = 0;
};
/// Gaussian clouds around random centres, data [n, features]. As scikit-learn's make_blobs.
TensorDataset make_blobs(const BlobsOptions& options = {});

/// What make_regression() makes.
struct RegressionOptions {
  std::int64_t n = 100;             ///< examples
  std::vector<double> weight{1.0};  ///< w; as many as features, at least one
  double bias = 0;                  ///< b
  double noise = 0;                 ///< standard deviation of e, >= 0
  std::uint64_t seed = 0;
};
/// Linear regression: data x [n, features] from N(0, 1), target y = x w + b + e, float32 [n].
TensorDataset make_regression(const RegressionOptions& options = {});

/// What make_logistic() makes.
struct LogisticOptions {
  std::int64_t n = 100;             ///< examples
  std::vector<double> weight{1.0};  ///< w; as many as features, at least one
  double bias = 0;                  ///< b
  std::uint64_t seed = 0;
};
/// Logistic regression: data x [n, features] from N(0, 1), target 1 with probability
/// 1 / (1 + exp(-(x w + b))), else 0; int64 [n].
TensorDataset make_logistic(const LogisticOptions& options = {});

}  // namespace tarn::data
