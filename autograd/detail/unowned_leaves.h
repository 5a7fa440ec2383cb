#pragma once

#include <cstdint>

#include <tarn/tensor/shape.h>

namespace tarn {

/// Leaves to which the last backward() on this thread gave a gradient although no optimizer updates
/// them: usually a parameter that was never registered. Optimizers report them at their first step.
struct UnownedLeaves {
  std::int64_t count = 0;
  Shape first{};  ///< the shape of one of them
};

UnownedLeaves unowned_leaves();

/// Forgets them: a new optimizer may own what no one did.
void forget_unowned_leaves();

}  // namespace tarn
