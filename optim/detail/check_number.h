#pragma once

#include <cstdint>
#include <string_view>

namespace tarn::optim::detail {

/// Throws ValueError "<component>: <name> = nan: expected a finite value >= 0".
void check_non_negative(std::string_view component, std::string_view name, double value);

/// Throws ValueError "<component>: <name> = inf: expected a finite value".
void check_finite(std::string_view component, std::string_view name, double value);

/// Throws ValueError "<component>: <name> = 0: expected a value >= 1".
void check_at_least(std::string_view component, std::string_view name, std::int64_t value,
                    std::int64_t minimum);

}  // namespace tarn::optim::detail
