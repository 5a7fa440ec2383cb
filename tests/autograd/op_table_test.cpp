#include "op_table.h"

#include <algorithm>
#include <iostream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <tarn/autograd/grad_mode.h>
#include <tarn/autograd/node.h>
#include <tarn/tensor/storage.h>

#include "../tensor/closeness.h"
#include "layouts.h"
#include "op_columns.h"
#include "op_evaluation.h"

namespace tarn::testing {
namespace {

int failures_so_far() {
  const auto& result = *::testing::UnitTest::GetInstance()->current_test_info()->result();
  int failures = 0;
  for (int i = 0; i < result.total_part_count(); ++i)
    failures += result.GetTestPartResult(i).failed();
  return failures;
}

// What came of one column.
struct Coverage {
  int passed = 0;
  int failed = 0;
  std::map<std::string, std::set<std::string>> not_applicable;  // the rows by reason
};

void fill_cell(const OpRow& row, const OpColumn& column, Coverage& coverage) {
  SCOPED_TRACE(row.name + ", " + column.name);
  const int before = failures_so_far();
  const char* const reason = column.reason(row);
  const int samples = column.check(row);
  if (samples == 0 && !reason)
    ADD_FAILURE() << "no sample, and no reason why the column does not apply";
  if (samples > 0 && reason) ADD_FAILURE() << "there are samples, although \"" << reason << "\"";
  if (failures_so_far() != before) {
    ++coverage.failed;
  } else if (reason) {
    coverage.not_applicable[reason].insert(row.name);
  } else {
    ++coverage.passed;
  }
}

void print(const std::string& column, const Coverage& coverage) {
  std::size_t not_applicable = 0;
  for (const auto& [reason, rows] : coverage.not_applicable) not_applicable += rows.size();
  std::cout << column << ": " << coverage.passed << " passed, " << coverage.failed << " failed, "
            << not_applicable << " not applicable\n";
  for (const auto& [reason, rows] : coverage.not_applicable) {
    std::cout << "    " << rows.size() << ": " << reason;
    if (rows.size() <= 8) {
      std::string separator = ": ";
      for (const std::string& row : rows) std::cout << std::exchange(separator, ", ") << row;
    }
    std::cout << '\n';
  }
}

void print_dtypes(std::vector<std::string> OpRow::*which) {
  for (const OpRow& row : op_table()) {
    if ((row.*which).empty()) continue;
    std::cout << "    " << row.name << ':';
    for (const std::string& dtype : row.*which) std::cout << ' ' << dtype;
    std::cout << '\n';
  }
}

// The whole table, op by op and column by column; prints what it covers.
TEST(OpTableCoverage, EveryCellPassesOrSaysWhyItDoesNotApply) {
  std::set<std::string> ops;
  for (const OpRow& row : op_table()) ops.insert(row.op());
  const std::vector<std::string> names = registered_ops();
  const auto registered = std::count_if(names.begin(), names.end(), [](const std::string& name) {
    return !name.starts_with("test_");
  });
  const auto tested = std::count_if(names.begin(), names.end(),
                                    [&](const std::string& name) { return ops.contains(name); });
  std::cout << "differentiable ops in the registry: " << registered
            << ", of them in the table: " << tested << "; ops in the table: " << ops.size()
            << ", rows: " << op_table().size() << '\n';
  for (const OpColumn& column : op_columns()) {
    Coverage coverage;
    for (const OpRow& row : op_table()) fill_cell(row, column, coverage);
    print(column.name, coverage);
  }
  std::cout << "dtypes of the first arguments that PyTorch takes and tarn refuses:\n";
  print_dtypes(&OpRow::refused);
  std::cout << "dtypes that PyTorch refuses and tarn takes:\n";
  print_dtypes(&OpRow::accepted);
}

class OpTable : public ::testing::TestWithParam<OpRow> {
 protected:
  const OpRow& row() const { return GetParam(); }
  const std::vector<Fixture>& fixtures() const { return fixtures_of(row().name); }
};

INSTANTIATE_TEST_SUITE_P(Ops, OpTable, ::testing::ValuesIn(op_table()), [](const auto& test) {
  std::string name = test.param.name;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
});

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
    if (grad_output.defined()) owners.insert(grad_output.impl().storage().get());
    for (const Tensor& x : result.inputs) owners.insert(x.impl().storage().get());
    for (const Tensor& gradient : result.gradients) {
      EXPECT_TRUE(owners.insert(gradient.impl().storage().get()).second);
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

}  // namespace
}  // namespace tarn::testing
