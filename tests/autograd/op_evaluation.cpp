#include "op_evaluation.h"

#include <algorithm>
#include <limits>

#include <tarn/autograd/backward.h>
#include <tarn/tensor/factories.h>

#include "layouts.h"

namespace tarn::testing {

Tensor leaf(const Tensor& value, bool variable) {
  Tensor x = value.detach();
  if (variable) x.requires_grad_();
  return x;
}

bool is_variable(const Fixture& fixture, const Input& input) {
  return input.variable && fixture.grad_output.defined();
}

Inputs leaves_of(const Fixture& fixture) {
  Inputs inputs;
  for (const Input& input : fixture.inputs)
    inputs.push_back(leaf(row_major_copy(input.value), is_variable(fixture, input)));
  return inputs;
}

Tensor gradient_of(const Tensor& x) { return x.grad().defined() ? x.grad() : zeros_like(x); }

Evaluation evaluate(const OpRow& row, const Arguments& arguments, Inputs inputs,
                    const Tensor& grad_output) {
  Evaluation result{std::move(inputs), {}, {}};
  result.output = row.function(result.inputs, arguments);
  if (result.output.requires_grad()) result.output.backward(grad_output);
  for (const Tensor& x : result.inputs) {
    if (x.requires_grad()) result.gradients.push_back(gradient_of(x));
  }
  return result;
}

// The dtype in which a fixture's numbers are right: float32 as soon as one is involved.
static bool is_double(const Fixture& fixture) {
  if (!fixture.grad_output.defined() || fixture.output.dtype() == kFloat32) return false;
  return std::all_of(fixture.inputs.begin(), fixture.inputs.end(),
                     [](const Input& x) { return x.value.dtype() != kFloat32; });
}

Tolerance tolerance_of(const OpRow& row, const Fixture& fixture) {
  // Terms are of size 1: where they cancel, the rounding of a term remains. Numbers below the
  // normal ones may become 0.
  if (is_double(fixture))
    return {.rtol = 1e-12, .atol = row.cancels ? 1e-14 : std::numeric_limits<double>::min()};
  return {.rtol = 1e-5,
          .atol = row.cancels ? 1e-6 : static_cast<double>(std::numeric_limits<float>::min())};
}

}  // namespace tarn::testing
