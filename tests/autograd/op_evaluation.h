#pragma once

#include <vector>

#include <tarn/tensor/tensor.h>

#include "../tensor/closeness.h"
#include "op_table.h"

namespace tarn::testing {

/// What one evaluation of an op gives: its result and the gradients of its variables.
struct Evaluation {
  Inputs inputs;
  Tensor output;
  std::vector<Tensor> gradients;
};

/// A leaf with these elements.
Tensor leaf(const Tensor& value, bool variable);
/// Whether the input gets a gradient: a result without one, as of a conversion to integers, has
/// variables in name only.
bool is_variable(const Fixture& fixture, const Input& input);
/// The inputs of a sample as leaves in fresh row-major memory.
Inputs leaves_of(const Fixture& fixture);
/// A gradient that never arrived is zero.
Tensor gradient_of(const Tensor& x);
Evaluation evaluate(const OpRow& row, const Arguments& arguments, Inputs inputs,
                    const Tensor& grad_output);
/// How near the numbers of this sample must be.
Tolerance tolerance_of(const OpRow& row, const Fixture& fixture);

}  // namespace tarn::testing
