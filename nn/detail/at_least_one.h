#pragma once

#include <cstdint>

namespace tarn::nn {

/// `size`; throws ValueError, as "Linear: in_features = 0: ...", when it is less than 1.
std::int64_t at_least_one(const char* layer, const char* name, std::int64_t size);

}  // namespace tarn::nn
