#include "op_arguments.h"

#include <algorithm>

#include <gtest/gtest.h>

#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>

#include "../tensor/expect_error.h"
#include "op_evaluation.h"

namespace tarn::testing {
namespace {

bool may_be_undefined(const OpRow& row, std::size_t input) {
  if (input == 0 && row.op().ends_with('_')) return true;  // the row's clone() would refuse it
  return (row.name == "linear" && input == 2) || (row.name == "layer_norm.affine" && input > 0);
}

int check_undefined(const OpRow& row, const Fixture& fixture) {
  int tried = 0;
  for (std::size_t i = 0; row.undefined && i < fixture.inputs.size(); ++i) {
    if (may_be_undefined(row, i)) continue;
    Inputs inputs = leaves_of(fixture);
    inputs[i] = Tensor();
    EXPECT_TRUE(fails_with<ValueError>([&] { row.function(inputs, fixture.arguments); },
                                       row.op() + ": ", {"undefined"}))
        << "input " << i;
    ++tried;
  }
  return tried;
}

// The call must throw an error of tarn's that begins with the op's name and holds `part`.
void expect_refusal(const OpRow& row, const Inputs& inputs, const Arguments& arguments,
                    const std::string& part) {
  try {
    row.function(inputs, arguments);
    ADD_FAILURE() << "nothing was thrown for " << part;
  } catch (const Error& error) {
    const std::string text = error.what();
    std::string name = row.op();
    if (!text.starts_with(name + ": ") && name.ends_with('_')) name.pop_back();  // made of that op
    EXPECT_TRUE(text.starts_with(name + ": ")) << text;
    EXPECT_NE(text.find(part), std::string::npos) << "it does not say " << part << ": " << text;
  }
}

int check_dims(const OpRow& row, const Fixture& fixture) {
  int tried = 0;
  for (const char* const name : {"dim", "dims", "dim0", "start_dim"}) {
    if (!fixture.arguments.has(name)) continue;
    Arguments arguments = fixture.arguments;
    arguments.set(name, "99");
    expect_refusal(row, leaves_of(fixture), arguments, "99");
    ++tried;
  }
  return tried;
}

int check_operands(const OpRow& row, const Fixture& fixture) {
  if (fixture.inputs.size() < 2 || !row.elementwise) return 0;
  Inputs inputs = leaves_of(fixture);
  inputs[0] = ones({3, 4}, {.dtype = inputs[0].dtype()});
  inputs[1] = ones({5}, {.dtype = inputs[1].dtype()});
  expect_refusal(row, inputs, fixture.arguments, "[5]");
  return 1;
}

}  // namespace

int check_arguments(const OpRow& row) {
  const std::vector<Fixture>& fixtures = fixtures_of(row.name);
  if (fixtures.empty() || row.kind == OpKind::part || row.no_error) return 0;
  const Fixture& fixture = fixtures.front();
  int tried =
      check_undefined(row, fixture) + check_dims(row, fixture) + check_operands(row, fixture);
  return tried;
}

}  // namespace tarn::testing
