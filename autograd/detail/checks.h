#pragma once

#include <initializer_list>
#include <string>

#include <tarn/tensor/tensor.h>

// What several ops check, and how they name what is wrong.
namespace tarn {

/// Throws DTypeError unless the first tensor is float32 or float64 and all others that are defined
/// have its type.
void check_same_floating(const char* op, std::initializer_list<const Tensor*> tensors);

/// A row-major int64 copy of `index`, so that a later change of the caller's cannot reach a
/// gradient. Throws DTypeError unless it is int64 or int32, IndexError naming the first that is not
/// in 0..size-1.
Tensor checked_index(const char* op, const Tensor& index, std::int64_t size);

/// "target[2, 1]" for the element of a tensor of shape `sizes` that is number `i` in row-major
/// order; "target" for a 0-d one.
std::string element_name(const char* tensor, const Shape& sizes, std::int64_t i);

}  // namespace tarn
