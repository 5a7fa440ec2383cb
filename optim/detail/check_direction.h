#pragma once

#include <string_view>
#include <vector>

#include <tarn/optim/objective.h>

namespace tarn::optim::detail {

/// Throws ShapeError or DTypeError, "<component>: <name>[0] has shape [2]: ...", unless the tensors
/// have the shapes and dtypes of the objective's parameters.
void check_direction(std::string_view component, std::string_view name, const Objective& objective,
                     const std::vector<Tensor>& direction);

}  // namespace tarn::optim::detail
