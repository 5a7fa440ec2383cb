#pragma once

#include <limits>
#include <vector>

#include <tarn/nn/module.h>

namespace tarn::nn {

/// How clip_grad_norm_() measures.
struct ClipGradNormOptions {
  double norm_type = 2;             ///< p > 0 of the p-norm; infinity is the largest absolute value
  bool error_if_nonfinite = false;  ///< throw when the norm is NaN or infinite
};

/// Keeps the gradients from exploding: when their common norm, over all elements of all parameters
/// as if they were one vector, exceeds max_norm, scales them all by
///
///   max_norm / (norm + 1e-6)   if that is less than 1
///
/// Call it between backward() and step(). Returns the norm before clipping; 0 without gradients.
/// Parameters without a gradient are skipped, one that is listed twice counts once. max_norm = 0
/// makes all gradients zero, infinity only measures.
///
/// The norm is accumulated in float64 in a fixed order: it neither overflows where the elements are
/// finite nor depends on the number of threads. When an element is NaN or infinite the gradients
/// stay as they are: a warning is given, the norm that is returned tells, and with
/// `.error_if_nonfinite` a ValueError names the first such element. Throws ValueError for a
/// max_norm that is negative or NaN and for a norm_type that is not positive. Pascanu et al. 2013,
/// algorithm 1.
double clip_grad_norm_(const std::vector<Tensor>& parameters, double max_norm,
                       const ClipGradNormOptions& options = {});
/// The same for all parameters of `model`; errors name the parameter.
double clip_grad_norm_(const Module& model, double max_norm,
                       const ClipGradNormOptions& options = {});

/// The norm of `tensors` (gradients, not parameters; undefined ones are skipped) as if they were
/// one vector. Throws ValueError as clip_grad_norm_ does.
double get_total_norm(const std::vector<Tensor>& tensors, const ClipGradNormOptions& options = {});

/// Clamps every element of every gradient to [-clip_value, clip_value]; NaN stays NaN.
/// Throws ValueError for a clip_value that is negative or NaN.
void clip_grad_value_(const std::vector<Tensor>& parameters, double clip_value);
void clip_grad_value_(const Module& model, double clip_value);

}  // namespace tarn::nn
