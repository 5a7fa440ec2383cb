#pragma once

#include <string>

namespace tarn::optim::detail {

/// The number with four digits, for people: "0.1235", "1.2e+06". Never depends on the locale.
std::string short_text(double value);

}  // namespace tarn::optim::detail
