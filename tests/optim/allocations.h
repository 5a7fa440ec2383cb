#pragma once

#include <cstdint>

namespace tarn::testing {

/// How often this program has called `new` so far.
std::int64_t allocations();

}  // namespace tarn::testing
