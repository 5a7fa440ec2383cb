#pragma once

#include <cstdint>
#include <string>

namespace tarn::io::detail {

/// The number with its digits in groups of three, whatever the locale: "47,040,016".
std::string grouped(std::uint64_t value);

}  // namespace tarn::io::detail
