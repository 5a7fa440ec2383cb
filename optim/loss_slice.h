#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <tarn/optim/full_gradient.h>
#include <tarn/optim/objective.h>

namespace tarn::optim {

/// A random direction in which unit steps mean the same for any network: Gaussian, with each filter
/// (row of dimension 0 of a weight) scaled to the norm of the filter it belongs to, so that
/// rescaling a layer does not make a minimum look flat (Li et al. 2018, section 4). Parameters of
/// fewer than two dimensions (biases, batch normalisation) get zeros, as in the authors' program.
/// params  leaves of any shapes
/// returns one tensor for each, of its shape and dtype; a function of params and seed
std::vector<Tensor> filter_normalized_direction(const std::vector<Tensor>& params,
                                                std::uint64_t seed = 0);

/// The mean loss at theta + steps[i] direction, [steps.size()]:
///
///   auto d = optim::filter_normalized_direction(objective.params());
///   auto losses = optim::loss_slice(objective, d, linspace(-1, 1, 51).to_vector());
///
/// The parameters come back as they were, bit for bit, also after an exception. Losses may be
/// infinite or NaN far out. Throws ShapeError and DTypeError for a direction that does not have
/// params()' shapes and dtypes.
std::vector<double> loss_slice(const Objective& objective, const std::vector<Tensor>& direction,
                               std::span<const double> steps, const ChunkOptions& options = {});

/// The mean loss at theta + x_steps[i] x_direction + y_steps[j] y_direction, as [i][j].
std::vector<std::vector<double>> loss_slice(const Objective& objective,
                                            const std::vector<Tensor>& x_direction,
                                            const std::vector<Tensor>& y_direction,
                                            std::span<const double> x_steps,
                                            std::span<const double> y_steps,
                                            const ChunkOptions& options = {});

}  // namespace tarn::optim
