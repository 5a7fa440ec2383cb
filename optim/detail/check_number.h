#pragma once

#include <cstdint>
#include <string_view>

#include <tarn/optim/param_group.h>
#include <tarn/optim/per_group.h>

namespace tarn::optim::detail {

/// Throws ValueError "<component>: <name> = nan: expected a finite value >= 0" for a value that
/// is not allowed.
void check(std::string_view component, std::string_view name, double value, Allowed allowed);

/// The same for each of the values that are not inherited.
void check(std::string_view component, std::string_view name, const PerGroup<double>& values,
           Allowed allowed);

/// Throws ValueError "<component>: <name> = 0: expected a value >= 1".
void check_at_least(std::string_view component, std::string_view name, std::int64_t value,
                    std::int64_t minimum);

}  // namespace tarn::optim::detail
