#pragma once

#include "op_table.h"

namespace tarn::testing {

/// Gives the op its first arguments in every dtype: the result has PyTorch's dtype and values, or
/// an error tells that the dtype is refused, as PyTorch's does or as the row says. Returns the
/// number of dtypes.
int check_dtypes(const OpRow& row);

}  // namespace tarn::testing
