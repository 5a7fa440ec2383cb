#pragma once

#include "op_table.h"

namespace tarn::testing {

/// Gives the op wrong arguments: undefined tensors, dimensions and shapes that there are not,
/// operands that do not broadcast. Each must be an error that begins with the op's name and holds
/// the value. Returns how many were tried.
int check_arguments(const OpRow& row);

}  // namespace tarn::testing
