#pragma once

#include <cstdint>
#include <string_view>

namespace tarn::optim::detail {

/// Throws ValueError "<component>: <name> = nan: expected a finite value >= 0".
void check_non_negative(std::string_view component, std::string_view name, double value);

/// Throws ValueError "<component>: <name> = 0: expected a finite value > 0".
void check_positive(std::string_view component, std::string_view name, double value);

/// Throws ValueError "<component>: <name> = 2: expected a value in 0..1".
void check_between(std::string_view component, std::string_view name, double value, double low,
                   double high);

/// Throws ValueError "<component>: <name> = 1: expected a value >= 0 and < 1".
void check_fraction(std::string_view component, std::string_view name, double value);

/// Throws ValueError "<component>: <name> = 2: expected 0 or 1".
void check_switch(std::string_view component, std::string_view name, double value);

/// Throws ValueError "<component>: <name> = inf: expected a finite value".
void check_finite(std::string_view component, std::string_view name, double value);

/// Throws ValueError "<component>: <name> = 0: expected a value >= 1".
void check_at_least(std::string_view component, std::string_view name, std::int64_t value,
                    std::int64_t minimum);

}  // namespace tarn::optim::detail
