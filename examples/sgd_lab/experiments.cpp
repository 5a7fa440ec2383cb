#include "experiment.h"

// Each is defined in experiments/<name>.cpp.
namespace lab {
extern const Experiment variance, trajectories, momentum;
}  // namespace lab

const std::vector<Experiment>& experiments() {
  static const std::vector<Experiment> list{
      lab::variance,
      lab::trajectories,
      lab::momentum,
  };
  return list;
}
