#pragma once

#include <cstdint>

#include <tarn/optim/objective.h>

namespace tarn::optim {

/// How gradient_variance() goes through the data.
struct GradientVarianceOptions {
  std::int64_t chunk_size = 1024;  ///< examples fetched at once, >= 1; never changes the result
  bool loop = false;  ///< one backward pass per example: slow, for any graph (see PerSampleOptions)
};

/// How the gradients g_i of single examples scatter around their mean G.
struct GradientVariance {
  /// sigma^2 = tr(Sigma) = (1/N) sum_i |g_i - G|^2: the sum of the variances of all elements.
  double trace;
  double norm_squared;  ///< |G|^2
  std::int64_t size;    ///< N, the number of examples

  /// E |g_B - G|^2 of the mean g_B of B examples drawn independently: sigma^2 / B.
  double with_replacement(std::int64_t batch_size) const;
  /// The same for B different examples, as shuffling gives them:
  ///
  ///   sigma^2 / B * (N - B) / (N - 1)
  ///
  /// and so 0 for B = N. Throws ValueError unless 1 <= B <= N. (Cochran 1977, theorem 2.2.)
  double shuffled(std::int64_t batch_size) const;
  /// tr(Sigma) / |G|^2, the batch size at which noise and gradient are equally large (McCandlish et
  /// al. 2018, eq. 2.9); infinity at a stationary point.
  double noise_scale() const;
};

/// The variance of the gradients of single examples at the present parameters, exactly, in two
/// passes through the data. Costs row norms on top of a gradient where per_sample_gradient_norms()
/// applies (linear layers). Computed as the mean of |g_i|^2 minus |G|^2, so that its error is the
/// rounding of the first. Throws AutogradError, as per_sample_gradient_norms() does, for a model
/// whose examples are not independent or that needs `.loop`.
GradientVariance gradient_variance(const Objective& objective,
                                   const GradientVarianceOptions& options = {});

}  // namespace tarn::optim
