#include "op_columns.h"

#include <algorithm>
#include <functional>

#include <gtest/gtest.h>

#include <tarn/autograd/backward.h>
#include <tarn/autograd/gradcheck.h>
#include <tarn/autograd/ops.h>
#include <tarn/tensor/factories.h>

#include "../tensor/closeness.h"
#include "layouts.h"
#include "op_arguments.h"
#include "op_dtypes.h"
#include "op_evaluation.h"

namespace tarn::testing {
namespace {

void expect_values(const OpRow& row, const Fixture& fixture) {
  const Evaluation result =
      evaluate(row, fixture.arguments, leaves_of(fixture), fixture.grad_output);
  const Tolerance tolerance = tolerance_of(row, fixture);
  EXPECT_TRUE(is_close(result.output, fixture.output, tolerance));
  ASSERT_EQ(result.gradients.size(), fixture.gradients.size());
  for (std::size_t i = 0; i < fixture.gradients.size(); ++i) {
    EXPECT_TRUE(is_close(result.gradients[i], fixture.gradients[i], tolerance))
        << "gradient of variable " << i;
  }
}

void expect_second_derivatives(const OpRow& row, const Fixture& fixture) {
  Inputs inputs = leaves_of(fixture);
  const Tensor grad_output = leaf(fixture.grad_output, true);
  Inputs variables;
  for (const Tensor& x : inputs) {
    if (x.requires_grad()) variables.push_back(x);
  }
  const Tensor output = row.function(inputs, fixture.arguments);
  std::vector<Tensor> gradients;  // none where the op cuts its input off, as fill_ does
  if (output.requires_grad()) {
    gradients = grad({output}, variables,
                     {.grad_outputs = {grad_output}, .create_graph = true, .allow_unused = true});
  }
  Tensor objective = zeros({}, {.dtype = kFloat64});
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    if (gradients[i].defined()) objective = objective + sum(fixture.weights[i] * gradients[i]);
  }
  if (objective.requires_grad()) objective.backward();
  variables.push_back(grad_output);
  ASSERT_EQ(fixture.second.size(), variables.size());
  for (std::size_t i = 0; i < variables.size(); ++i) {
    EXPECT_TRUE(
        is_close(gradient_of(variables[i]), fixture.second[i], {.rtol = 1e-12, .atol = 1e-14}))
        << "second derivative, variable " << i;
  }
}

void expect_the_same_in(const Layout& layout, const OpRow& row, const Fixture& fixture) {
  Inputs strided;
  Inputs copies;
  for (const Input& input : fixture.inputs) {
    Tensor value = layout.apply(input.value);
    // A mask with other values would pick another number of elements.
    if (value.dtype() == kBool && !equal(value, input.value)) value = input.value;
    strided.push_back(leaf(value, is_variable(fixture, input)));
    copies.push_back(leaf(row_major_copy(strided.back()), is_variable(fixture, input)));
  }
  // fill_ and the like give a result without a graph, comparisons one without a gradient
  const Tensor grad_output =
      fixture.grad_output.defined() ? layout.apply(fixture.grad_output) : Tensor();
  const Evaluation actual = evaluate(row, fixture.arguments, strided, grad_output);
  const Evaluation expected =
      evaluate(row, fixture.arguments, copies,
               grad_output.defined() ? row_major_copy(grad_output) : grad_output);
  const Tolerance tolerance = tolerance_of(row, fixture);
  EXPECT_TRUE(row.elementwise ? same_bits(actual.output, expected.output)
                              : is_close(actual.output, expected.output, tolerance));
  for (std::size_t i = 0; i < expected.gradients.size(); ++i) {
    EXPECT_TRUE(is_close(actual.gradients[i], expected.gradients[i], tolerance))
        << "gradient of variable " << i;
    EXPECT_TRUE(actual.gradients[i].is_dense())
        << "gradient of variable " << i << " has overlapping or scattered elements";
  }
}

// How many samples of the row `wanted` takes, each of them tested with `expect`.
int check_samples(const OpRow& row, const std::function<bool(const Fixture&)>& wanted,
                  const std::function<void(const Fixture&)>& expect) {
  int samples = 0;
  for (const Fixture& fixture : fixtures_of(row.name)) {
    if (!wanted(fixture)) continue;
    SCOPED_TRACE(fixture.name());
    ++samples;
    expect(fixture);
  }
  return samples;
}

int check_values(const OpRow& row, const std::function<bool(const Fixture&)>& wanted) {
  return check_samples(row, wanted, [&](const Fixture& fixture) { expect_values(row, fixture); });
}

bool is_differentiable(const OpRow& row, const Fixture& fixture) {
  return fixture.smooth && fixture.dtype == "float64" && !fixture.gradients.empty() &&
         row.function(leaves_of(fixture), fixture.arguments).requires_grad();
}

int check_differences(const OpRow& row, void (*check)(const OpRow&, const Fixture&)) {
  return check_samples(
      row, [&](const Fixture& fixture) { return is_differentiable(row, fixture); },
      [&](const Fixture& fixture) { check(row, fixture); });
}

void expect_gradcheck(const OpRow& row, const Fixture& fixture) {
  EXPECT_NO_THROW(
      gradcheck([&](const Inputs& inputs) { return row.function(inputs, fixture.arguments); },
                leaves_of(fixture)));
}

void expect_gradgradcheck(const OpRow& row, const Fixture& fixture) {
  EXPECT_NO_THROW(
      gradgradcheck([&](const Inputs& inputs) { return row.function(inputs, fixture.arguments); },
                    leaves_of(fixture)));
}

int check_second_derivatives(const OpRow& row) {
  check_samples(
      row, [](const Fixture& fixture) { return !fixture.second.empty(); },
      [&](const Fixture& fixture) { expect_second_derivatives(row, fixture); });
  return check_differences(row, expect_gradgradcheck);
}

int check_layouts(const OpRow& row) {
  if (row.no_layouts) return 0;
  return check_samples(
      row, [](const Fixture&) { return true; },
      [&](const Fixture& fixture) {
        for (const Layout& layout : layouts()) {
          SCOPED_TRACE(layout.name);
          expect_the_same_in(layout, row, fixture);
        }
      });
}

bool is_broadcast(const Fixture& fixture) {
  return std::any_of(fixture.inputs.begin(), fixture.inputs.end(), [&](const Input& input) {
    return input.value.sizes() != fixture.inputs[0].value.sizes();
  });
}

bool has_one_operand(const OpRow& row) {
  const auto& fixtures = fixtures_of(row.name);
  return std::all_of(fixtures.begin(), fixtures.end(),
                     [](const Fixture& fixture) { return fixture.inputs.size() == 1; });
}

const char* never(const OpRow&) { return nullptr; }

const char* reason_not_to_differentiate(const OpRow& row) {
  if (row.kind == OpKind::not_differentiable) return "its result has no gradient";
  return row.no_gradcheck;
}

}  // namespace

const std::vector<OpColumn>& op_columns() {
  static const std::vector<OpColumn> columns = {
      {"value",
       [](const OpRow& row) { return check_values(row, [](const Fixture&) { return true; }); },
       never},
      {"gradcheck", [](const OpRow& row) { return check_differences(row, expect_gradcheck); },
       reason_not_to_differentiate},
      {"gradgradcheck", check_second_derivatives, reason_not_to_differentiate},
      {"non-contiguous", check_layouts, [](const OpRow& row) { return row.no_layouts; }},
      {"broadcast",
       [](const OpRow& row) { return row.no_broadcast ? 0 : check_values(row, is_broadcast); },
       [](const OpRow& row) { return has_one_operand(row) ? "one operand" : row.no_broadcast; }},
      {"empty",
       [](const OpRow& row) {
         return check_values(row, [](const Fixture& fixture) {
           return std::any_of(fixture.inputs.begin(), fixture.inputs.end(),
                              [](const Input& input) { return input.value.numel() == 0; });
         });
       },
       [](const OpRow& row) { return row.no_empty; }},
      {"0-d",
       [](const OpRow& row) {
         return check_values(
             row, [](const Fixture& fixture) { return fixture.inputs[0].value.dim() == 0; });
       },
       [](const OpRow& row) { return row.no_zero_dim; }},
      {"dtype", check_dtypes, never},
      {"error", check_arguments,
       [](const OpRow& row) {
         return row.kind == OpKind::part ? "a part of other ops, which check its arguments"
                                         : row.no_error;
       }},
  };
  return columns;
}

}  // namespace tarn::testing
