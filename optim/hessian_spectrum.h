#pragma once

#include <cstdint>
#include <vector>

#include <tarn/optim/estimate.h>
#include <tarn/optim/objective.h>

namespace tarn::optim {

/// An eigenvalue of the Hessian, and the direction that has this curvature.
struct Eigenpair {
  double value;
  double residual;             ///< |H v - value v|: some eigenvalue is at least this close
  std::vector<Tensor> vector;  ///< v, of params()' shapes and dtypes, of norm 1
};

/// What hessian_eigenvalues() looks for, and for how long.
struct HessianEigenvaluesOptions {
  std::int64_t count = 1;             ///< how many, 1 .. number of parameters
  bool smallest = false;              ///< the lowest ones instead: below 0 at a saddle point
  std::int64_t max_iterations = 100;  ///< Hessian-vector products at most, >= count
  double tolerance = 1e-6;            ///< of the residuals, relative to the largest |value|, > 0
  std::uint64_t seed = 0;             ///< of the first vector
  std::int64_t chunk_size = 1024;     ///< examples fetched at once; never changes the result
};

/// The largest eigenvalues of the Hessian of the mean loss, largest first, by the method of Lanczos
/// (1950) with full reorthogonalisation in float64: each iteration costs a Hessian-vector product
/// over all the data and the memory of one more vector. Gradient descent on a quadratic is stable
/// where lr < 2 / (largest eigenvalue). Ends when all residuals are below the tolerance, or after
/// max_iterations: look at `residual`. Throws ValueError for options outside the ranges given, and
/// for a Hessian with elements that are not finite.
std::vector<Eigenpair> hessian_eigenvalues(const Objective& objective,
                                           const HessianEigenvaluesOptions& options = {});

/// How hessian_trace() samples.
struct HessianTraceOptions {
  std::int64_t samples = 30;  ///< Hessian-vector products, >= 2
  std::uint64_t seed = 0;
  std::int64_t chunk_size = 1024;  ///< examples fetched at once; never changes the result
};

/// The trace of the Hessian, which is the sum of all curvatures: the mean of v^T H v over random
/// signs v (Hutchinson 1990). Exact for a diagonal Hessian; else the variance of one sample is
/// 2 sum_(i != j) H_ij^2. Throws ValueError for options outside the ranges given.
Estimate hessian_trace(const Objective& objective, const HessianTraceOptions& options = {});

}  // namespace tarn::optim
