#pragma once

#include <vector>

#include <tarn/tensor/tensor.h>

namespace tarn::nn {

/// A copy of all elements one after the other, each tensor in row-major order: [total number].
/// Outside the graph. Throws ValueError for an empty list, DTypeError when the types differ.
Tensor parameters_to_vector(const std::vector<Tensor>& parameters);

/// Writes the elements of `vector` [total number] into the parameters, in the same order; each
/// stays the same object. Converts between float32 and float64. Throws ShapeError when the number
/// of elements differs; nothing has changed then.
void vector_to_parameters(const Tensor& vector, const std::vector<Tensor>& parameters);

}  // namespace tarn::nn
