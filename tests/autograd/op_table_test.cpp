#include "op_table.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <regex>
#include <set>

#include <gtest/gtest.h>

#include <tarn/autograd/backward.h>
#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/gradcheck.h>
#include <tarn/autograd/node.h>
#include <tarn/autograd/ops.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>

#include "../tensor/closeness.h"
#include "../tensor/expect_error.h"
#include "layouts.h"

namespace tarn::testing {
namespace {

// What one evaluation of an op gives: its result and the gradients of its variables.
struct Evaluation {
  Inputs inputs;
  Tensor output;
  std::vector<Tensor> gradients;
};

Tensor leaf(const Tensor& value, bool variable) {
  Tensor x = value.detach();
  if (variable) x.requires_grad_();
  return x;
}

// A result without a gradient, as of a conversion to integers, has variables in name only.
bool is_variable(const Fixture& fixture, const Input& input) {
  return input.variable && fixture.grad_output.defined();
}

Inputs leaves_of(const Fixture& fixture) {
  Inputs inputs;
  for (const Input& input : fixture.inputs)
    inputs.push_back(leaf(row_major_copy(input.value), is_variable(fixture, input)));
  return inputs;
}

// A gradient that never arrived is zero.
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
bool is_double(const Fixture& fixture) {
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

class OpTable : public ::testing::TestWithParam<OpRow> {
 protected:
  const OpRow& row() const { return GetParam(); }
  const std::vector<Fixture>& fixtures() const { return fixtures_of(row().name); }
};

std::string test_name(const ::testing::TestParamInfo<OpRow>& test) {
  std::string name = test.param.name;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Ops, OpTable, ::testing::ValuesIn(op_table()), test_name);

// The rows that do not depend on strides.
class OpTableLayouts : public OpTable {};

std::vector<OpRow> rows_of_any_layout() {
  std::vector<OpRow> rows;
  std::copy_if(op_table().begin(), op_table().end(), std::back_inserter(rows),
               [](const OpRow& row) { return row.any_layout; });
  return rows;
}

INSTANTIATE_TEST_SUITE_P(Ops, OpTableLayouts, ::testing::ValuesIn(rows_of_any_layout()), test_name);

TEST_P(OpTable, GivesTheValuesAndGradientsOfPyTorch) {
  for (const Fixture& fixture : fixtures()) {
    SCOPED_TRACE(fixture.name());
    const Evaluation result =
        evaluate(row(), fixture.arguments, leaves_of(fixture), fixture.grad_output);
    const Tolerance tolerance = tolerance_of(row(), fixture);
    EXPECT_TRUE(is_close(result.output, fixture.output, tolerance));
    ASSERT_EQ(result.gradients.size(), fixture.gradients.size());
    for (std::size_t i = 0; i < fixture.gradients.size(); ++i) {
      EXPECT_TRUE(is_close(result.gradients[i], fixture.gradients[i], tolerance))
          << "gradient of variable " << i;
    }
  }
}

TEST_P(OpTable, GivesTheSecondDerivativesOfPyTorch) {
  for (const Fixture& fixture : fixtures()) {
    if (fixture.second.empty()) continue;
    SCOPED_TRACE(fixture.name());
    Inputs inputs = leaves_of(fixture);
    const Tensor grad_output = leaf(fixture.grad_output, true);
    Inputs variables;
    for (const Tensor& x : inputs) {
      if (x.requires_grad()) variables.push_back(x);
    }
    const Tensor output = row().function(inputs, fixture.arguments);
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
          << "variable " << i;
    }
  }
}

TEST_P(OpTable, AgreesWithCentralDifferences) {
  for (const Fixture& fixture : fixtures()) {
    if (!fixture.smooth || fixture.dtype != "float64" || fixture.gradients.empty()) continue;
    SCOPED_TRACE(fixture.name());
    const auto function = [&](const Inputs& inputs) {
      return row().function(inputs, fixture.arguments);
    };
    if (!function(leaves_of(fixture)).requires_grad()) continue;  // fill_ cuts its input off
    EXPECT_NO_THROW(gradcheck(function, leaves_of(fixture)));
    EXPECT_NO_THROW(gradgradcheck(function, leaves_of(fixture)));
  }
}

TEST_P(OpTableLayouts, GiveTheSame) {
  for (const Fixture& fixture : fixtures()) {
    for (const Layout& layout : layouts()) {
      SCOPED_TRACE(fixture.name() + " " + layout.name);
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
      const Evaluation actual = evaluate(row(), fixture.arguments, strided, grad_output);
      const Evaluation expected =
          evaluate(row(), fixture.arguments, copies,
                   grad_output.defined() ? row_major_copy(grad_output) : grad_output);
      const Tolerance tolerance = tolerance_of(row(), fixture);
      EXPECT_TRUE(row().elementwise ? same_bits(actual.output, expected.output)
                                    : is_close(actual.output, expected.output, tolerance));
      for (std::size_t i = 0; i < expected.gradients.size(); ++i) {
        EXPECT_TRUE(is_close(actual.gradients[i], expected.gradients[i], tolerance))
            << "gradient of variable " << i;
        EXPECT_TRUE(actual.gradients[i].is_dense())
            << "gradient of variable " << i << " has overlapping or scattered elements";
      }
    }
  }
}

TEST_P(OpTable, GivesEachGradientWithoutTheOthers) {
  for (const Fixture& fixture : fixtures()) {
    if (fixture.gradients.size() < 2) continue;
    SCOPED_TRACE(fixture.name());
    const Evaluation all =
        evaluate(row(), fixture.arguments, leaves_of(fixture), fixture.grad_output);
    std::size_t variable = 0;
    for (std::size_t i = 0; i < fixture.inputs.size(); ++i) {
      if (!is_variable(fixture, fixture.inputs[i])) continue;
      Inputs inputs;
      for (std::size_t k = 0; k < fixture.inputs.size(); ++k)
        inputs.push_back(leaf(fixture.inputs[k].value, k == i));
      const Evaluation one = evaluate(row(), fixture.arguments, inputs, fixture.grad_output);
      ASSERT_EQ(one.gradients.size(), 1U);
      EXPECT_TRUE(same_bits(one.gradients[0], all.gradients[variable++])) << "input " << i;
    }
  }
}

TEST_P(OpTable, LeavesItsInputsAlone) {
  for (const Fixture& fixture : fixtures()) {
    SCOPED_TRACE(fixture.name());
    Inputs inputs = leaves_of(fixture);
    const Tensor grad_output =
        fixture.grad_output.defined() ? row_major_copy(fixture.grad_output) : Tensor();
    const Evaluation result = evaluate(row(), fixture.arguments, inputs, grad_output);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      EXPECT_TRUE(same_bits(inputs[i], fixture.inputs[i].value)) << "input " << i;
    }
    if (grad_output.defined()) {
      EXPECT_TRUE(same_bits(grad_output, fixture.grad_output));
    }
  }
}

TEST_P(OpTable, GradientsOwnTheirElements) {
  // A gradient that shared elements with grad_output, an input or another gradient would change
  // with them.
  for (const Fixture& fixture : fixtures()) {
    SCOPED_TRACE(fixture.name());
    const Tensor grad_output =
        fixture.grad_output.defined() ? row_major_copy(fixture.grad_output) : Tensor();
    const Evaluation result = evaluate(row(), fixture.arguments, leaves_of(fixture), grad_output);
    std::set<const Storage*> owners;
    if (grad_output.defined()) owners.insert(grad_output.impl().storage.get());
    for (const Tensor& x : result.inputs) owners.insert(x.impl().storage.get());
    for (const Tensor& gradient : result.gradients) {
      EXPECT_TRUE(owners.insert(gradient.impl().storage.get()).second);
    }
  }
}

TEST_P(OpTable, IsRecordedUnderItsName) {
  bool seen =
      row().kind !=
      OpKind::recorded;  // vectors may reach a matrix op through views: one sample is enough
  for (const Fixture& fixture : fixtures()) {
    seen =
        seen || row().function(leaves_of(fixture), fixture.arguments).grad_fn_name() == row().op();
  }
  EXPECT_TRUE(seen) << "no result names " << row().op() << " as the op that made it";
}

TEST_P(OpTable, IsRecordedOnlyWhenAnInputRequiresGradAndNothingForbidsIt) {
  for (const Fixture& fixture : fixtures()) {
    SCOPED_TRACE(fixture.name());
    Inputs constants;
    for (const Input& input : fixture.inputs) constants.push_back(input.value);
    EXPECT_FALSE(row().function(constants, fixture.arguments).requires_grad());
    const Inputs variables = leaves_of(fixture);
    const NoGradGuard no_grad;
    EXPECT_TRUE(row().function(variables, fixture.arguments).is_leaf());
  }
}

TEST_P(OpTable, RefusesUndefinedTensorsByName) {
  ASSERT_FALSE(fixtures().empty());
  if (!row().undefined) return;
  const Fixture& fixture = fixtures().front();
  for (std::size_t i = 0; i < fixture.inputs.size(); ++i) {
    if (row().name == "linear" && i == 2) continue;  // no bias
    if (row().name == "layer_norm.affine" && i > 0) continue;
    if (i == 0 && row().op().ends_with('_')) continue;  // the table's clone() would be what refuses
    Inputs inputs = leaves_of(fixture);
    inputs[i] = Tensor();
    EXPECT_TRUE(fails_with<ValueError>([&] { row().function(inputs, fixture.arguments); },
                                       row().op() + ": ", {"undefined"}))
        << "input " << i;
  }
}

TEST_P(OpTable, HasSamplesForEmptyZeroDimAndBroadcastInputs) {
  bool empty_seen = !row().empty;
  bool zero_dim_seen = !row().zero_dim;
  bool broadcast_seen = !row().broadcasts;
  for (const Fixture& fixture : fixtures()) {
    const Tensor& first = fixture.inputs[0].value;
    empty_seen = empty_seen || first.numel() == 0;
    zero_dim_seen = zero_dim_seen || first.dim() == 0;
    broadcast_seen = broadcast_seen || (fixture.inputs.size() > 1 &&
                                        first.sizes() != fixture.inputs[1].value.sizes());
  }
  EXPECT_TRUE(empty_seen);
  EXPECT_TRUE(zero_dim_seen);
  EXPECT_TRUE(broadcast_seen);
}

}  // namespace
}  // namespace tarn::testing
