#include "experiment.h"

// Each is defined in experiments/<name>.cpp.
namespace lab {
extern const Experiment unbiasedness, variance, cost, trajectories, two_well, curvature,
    sharp_minima, convex_rate, averaging, nonconvex, robbins_monro, median_1951, convergence,
    batch_sizes, critical_batch_size, one_step, growing_batch, linear_scaling, shuffling,
    accumulation, clipping, mean_or_sum, momentum;
}  // namespace lab

const std::vector<Experiment>& experiments() {
  static const std::vector<Experiment> list{
      lab::unbiasedness, lab::variance,      lab::cost,
      lab::trajectories, lab::two_well,      lab::curvature,
      lab::sharp_minima, lab::convex_rate,   lab::averaging,
      lab::nonconvex,    lab::robbins_monro, lab::median_1951,
      lab::convergence,  lab::batch_sizes,   lab::critical_batch_size,
      lab::one_step,     lab::growing_batch, lab::linear_scaling,
      lab::shuffling,    lab::accumulation,  lab::clipping,
      lab::mean_or_sum,  lab::momentum,
  };
  return list;
}
