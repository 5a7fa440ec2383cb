#pragma once

#include <initializer_list>

#include <tarn/tensor/tensor.h>

namespace tarn {

/// Throws DTypeError unless the first tensor is float32 or float64 and all others that are defined
/// have its type.
void check_same_floating(const char* op, std::initializer_list<const Tensor*> tensors);

}  // namespace tarn
