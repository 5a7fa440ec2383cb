#pragma once

#include <vector>

#include <tarn/tensor/tensor.h>

namespace tarn {

/// How the gradients of single examples are found.
struct PerSampleOptions {
  bool loop = false;  ///< one backward pass for each example: slow, for any graph
};

/// The gradients of each of `losses` [N] with respect to `params`: for each parameter a tensor
/// [N, *param.sizes()], whose row i is the gradient of losses[i]. `losses` are those of the
/// examples of a batch, as with Reduction::none; losses.mean() can go on to backward() afterwards.
/// They cost two passes through the activations, and then the products that a backward pass sums
/// up.
///
/// It asks of the graph what a network for single examples gives: parameters are used by linear()
/// and conv2d() only (a parameter used several times is right), and losses[i] depends on row i of
/// each activation alone. That is verified: the second pass weighs the losses by different numbers,
/// and an activation whose gradient does not follow in each row is an error. BatchNorm in training
/// is one, since its examples are not independent. `.loop = true` needs neither.
/// Hooks on the way run in every pass, as in grad().
///
/// Throws AutogradError, naming the op and its line, for such a graph, and where backward() would;
/// ShapeError for losses that are not [N].
std::vector<Tensor> per_sample_gradients(const Tensor& losses, const std::vector<Tensor>& params,
                                         const PerSampleOptions& options = {});

/// The Euclidean norms [N] of the gradients of single examples, each over all of `params` together.
/// No gradient of an example is made for a parameter that is used on one row per example: the norm
/// of an outer product is the product of the norms (I. Goodfellow, "Efficient per-example gradient
/// computations", 2015). The rest as in per_sample_gradients().
Tensor per_sample_gradient_norms(const Tensor& losses, const std::vector<Tensor>& params,
                                 const PerSampleOptions& options = {});

}  // namespace tarn
