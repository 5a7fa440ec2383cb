#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <tarn/optim/objective.h>

namespace tarn::optim {

/// How a pass over the whole data fetches them.
struct ChunkOptions {
  std::int64_t chunk_size = 1024;  ///< examples fetched at once, >= 1; never changes the result
};

/// The mean loss of some examples and its gradient.
struct LossGradient {
  double loss;
  std::vector<Tensor> gradient;  ///< one for each of params(), of its shape and dtype

  /// The Euclidean norm of the gradient.
  double norm() const;
};

/// The gradient that stochastic gradients are estimates of:
///
///   L = (1/N) sum_i l_i        G = (1/N) sum_i grad l_i
///
///   auto [loss, gradient] = optim::full_gradient(objective);
///
/// Memory is that of 32 examples: their gradients are summed up in float64 in the order of the data
/// set, so that the bits depend on no other number. No grad() changes. Throws what the objective's
/// functions throw.
LossGradient full_gradient(const Objective& objective, const ChunkOptions& options = {});

/// The same for the mini-batch of the examples at `indices`, in that order.
LossGradient batch_gradient(const Objective& objective, std::span<const std::int64_t> indices,
                            const ChunkOptions& options = {});

/// The mean loss alone, without gradients.
double full_loss(const Objective& objective, const ChunkOptions& options = {});

/// H v, with H the Hessian of the mean loss: two backward passes for each part of the data, H is
/// never made (Pearlmutter 1994). v has params()' shapes and dtypes; so has the result. Throws
/// ShapeError and DTypeError for another v, AutogradError for an op without second derivatives.
std::vector<Tensor> hessian_vector_product(const Objective& objective, const std::vector<Tensor>& v,
                                           const ChunkOptions& options = {});

}  // namespace tarn::optim
