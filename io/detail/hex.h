#pragma once

#include <cstdint>
#include <string>

namespace tarn::io::detail {

/// The last `digits` hexadecimal digits of a value.
std::string hex(std::uint32_t value, int digits = 8);

}  // namespace tarn::io::detail
