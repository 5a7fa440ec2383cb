#include "op_dtypes.h"

#include <algorithm>
#include <optional>

#include <gtest/gtest.h>

#include <tarn/tensor/error.h>

#include "../tensor/closeness.h"
#include "op_evaluation.h"

namespace tarn::testing {
namespace {

bool contains(const std::vector<std::string>& dtypes, const std::string& dtype) {
  return std::find(dtypes.begin(), dtypes.end(), dtype) != dtypes.end();
}

// Its result, or nothing when it throws one of tarn's errors, which is told in `text`.
std::optional<Tensor> result_of(const OpRow& row, const Fixture& fixture, std::string& text) {
  try {
    return row.function(leaves_of(fixture), fixture.arguments);
  } catch (const Error& error) {
    text = error.what();
    return {};
  }
}

void check_dtype(const OpRow& row, const Fixture& fixture) {
  std::string text;
  const std::optional<Tensor> result = result_of(row, fixture, text);
  if (contains(row.refused, fixture.dtype)) {
    EXPECT_FALSE(fixture.error)
        << "the row calls this a difference, but PyTorch refuses it as well";
    EXPECT_FALSE(result) << "the row says that this dtype is refused";
  } else if (contains(row.accepted, fixture.dtype)) {
    EXPECT_TRUE(fixture.error) << "the row calls this a difference, but PyTorch takes it as well";
    EXPECT_TRUE(result) << text;
  } else if (fixture.error) {
    EXPECT_FALSE(result) << "PyTorch refuses this dtype";
  } else if (!result) {
    ADD_FAILURE() << "PyTorch takes this dtype; here: " << text;
  } else {
    EXPECT_TRUE(is_close(*result, fixture.output, tolerance_of(row, fixture)));
  }
  if (!result) {
    EXPECT_NE(text.find(": "), std::string::npos) << "the error does not name the op";
  }
}

}  // namespace

int check_dtypes(const OpRow& row) {
  const std::vector<Fixture>& fixtures = dtype_fixtures_of(row.name);
  for (const Fixture& fixture : fixtures) {
    SCOPED_TRACE(fixture.name());
    check_dtype(row, fixture);
  }
  return static_cast<int>(fixtures.size());
}

}  // namespace tarn::testing
