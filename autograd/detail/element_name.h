#pragma once

#include <string>

#include <tarn/tensor/shape.h>

namespace tarn {

/// "target[2, 1]" for the element of a tensor of shape `sizes` that is number `i` in row-major
/// order; "target" for a 0-d one.
std::string element_name(const char* tensor, const Shape& sizes, std::int64_t i);

}  // namespace tarn
