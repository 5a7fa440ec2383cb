#pragma once

#include <cstdint>
#include <span>
#include <string>

#include <tarn/optim/estimate.h>
#include <tarn/tensor/state_dict.h>
#include <tarn/tensor/tensor.h>

namespace tarn::optim {

/// How a GradientNoiseScale averages.
struct GradientNoiseScaleOptions {
  /// What one step makes of the weight of the steps before, in (0, 1]. 1: all count alike; 0.99:
  /// about the last 100, for a noise scale that changes in training.
  double decay = 1;
};

/// What a batch size is limited by, given the critical one.
struct BatchSizeLimit {
  std::int64_t batch_size;
  Estimate critical;
  bool noise_limited;    ///< below the critical one: larger batches need fewer steps in proportion
                         ///< else curvature-limited: larger batches only cost more
  double factor;         ///< how far from the critical one, >= 1
  double step_factor;    ///< steps to a loss, over the fewest: 1 + critical / batch_size
  double sample_factor;  ///< examples to a loss, over the fewest: 1 + batch_size / critical
};

/// "noise-limited: batch size 64 is 14.1 times below the critical 900 +- 30; ..."
std::string to_string(const BatchSizeLimit& limit);

/// The critical batch size, live, from norms of gradients that training computes anyway: below it
/// twice the batch takes nearly half the steps, above it the same number (McCandlish, Kaplan et al.
/// 2018, "An empirical model of large-batch training", eq. 2.9 and appendix A.1).
///
///   optim::GradientNoiseScale noise;
///   optim::Accumulator accumulate(sgd, {.batch_size = 256, .noise_scale = &noise});
///   for (auto& [x, y] : loader) accumulate.backward(cross_entropy(model(x), y), y.size(0));
///   std::cout << to_string(noise.limit(256)) << '\n';
///
/// A step's batch of B examples comes in K >= 2 parts: micro-batches (as above), the batches of
/// data-parallel ranks, or single examples. Part k has b_k examples and the mean gradient g_k; g is
/// the mean gradient of all. With Q = sum_k (b_k / B) |g_k|^2,
///
///   S = B (Q - |g|^2) / (K - 1)       has the expectation tr(Sigma)
///   |g|^2 - S / B                     has the expectation |G|^2
///
/// for parts of any sizes, of examples drawn independently; the noise scale is the ratio of their
/// means over the steps. Sizes may count tokens instead of examples, and so does the result then.
/// Standard errors take steps for independent of one another.
class GradientNoiseScale {
 public:
  /// Throws ValueError for a decay outside its range.
  explicit GradientNoiseScale(const GradientNoiseScaleOptions& options = {});

  /// One step, from the norms of the mean gradients of its parts, their numbers of examples, and
  /// the norm of the mean gradient of all. For ranks: each one's norm before the all-reduce, and
  /// the norm after it. Throws ValueError for fewer than two parts, a size < 1, a norm that is
  /// negative or not finite; nothing has changed then.
  void update(std::span<const double> part_norms, std::span<const std::int64_t> part_sizes,
              double norm);

  /// The same for parts of one example each: `norms` [B] of their gradients (B >= 2), as
  /// per_sample_gradient_norms() gives them at the price of row norms, and the norm of their mean.
  ///
  ///   Tensor losses = cross_entropy(model(x), y, {.reduction = Reduction::none});
  ///   Tensor norms = per_sample_gradient_norms(losses, model.parameters());
  ///   losses.mean().backward();
  ///   noise.update(norms, nn::clip_grad_norm_(model, 1.0));   // which returns the norm before
  void update(const Tensor& norms, double norm);

  /// Steps so far.
  std::int64_t n_updates() const { return n_updates_; }
  /// tr(Sigma), the sum of the variances of all elements of one example's gradient. May be negative
  /// by chance. NaN before the first update, as the others.
  Estimate trace() const;
  /// |G|^2, the squared norm of the true gradient. May be negative by chance.
  Estimate norm_squared() const;
  /// tr(Sigma) / |G|^2 in examples, with the standard error to first order. Infinity when |G|^2 is
  /// not above 0: the noise hides the gradient.
  Estimate critical_batch_size() const;
  /// Throws ValueError for a batch_size < 1 or before the first update.
  BatchSizeLimit limit(std::int64_t batch_size) const;

  /// float64 and int64 numbers. load_state_dict() throws ValueError when one is missing; nothing
  /// has changed then.
  StateDict state_dict() const;
  void load_state_dict(const StateDict& dict);

 private:
  // Weighted sums over the steps, for means and (co)variances.
  struct Moments {
    double weight = 0;
    double squared_weight = 0;
    double trace = 0;  // mean
    double norm = 0;   // mean
    double trace_trace = 0;
    double norm_norm = 0;
    double trace_norm = 0;
  };
  // The factor that makes variances of means out of the sums of squares.
  double mean_variance() const;

  double decay_;
  std::int64_t n_updates_ = 0;
  Moments moments_;
};

}  // namespace tarn::optim
