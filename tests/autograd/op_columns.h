#pragma once

#include <vector>

#include "op_table.h"

namespace tarn::testing {

/// A property that every row of the op table is tested for.
struct OpColumn {
  const char* name;
  /// Tests the row, with GoogleTest's expectations; returns how many samples served for it.
  int (*check)(const OpRow& row);
  /// Why the property does not apply to the row; null where it does.
  const char* (*reason)(const OpRow& row);
};

/// value, gradcheck, gradgradcheck, non-contiguous, broadcast, empty, 0-d, dtype, error.
const std::vector<OpColumn>& op_columns();

}  // namespace tarn::testing
