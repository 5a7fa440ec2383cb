#pragma once

#include <optional>

#include <tarn/tensor/tensor.h>

namespace tarn {

/// The rows of `weight` [V, D] that `index` (int64 or int32, any shape [*]) names: [*, D]. Row
/// `padding_idx`, which may count from the end, gets no gradient. Throws IndexError naming the
/// first index outside 0..V-1 and its position, ShapeError, DTypeError.
Tensor embedding(const Tensor& index, const Tensor& weight,
                 std::optional<std::int64_t> padding_idx = {}, Where where = Where::current());

/// index (int64 or int32, any shape [*]) as rows of zeros with a 1 in place index[i]: int64
/// [*, num_classes], by default as many as the largest index asks for. Throws IndexError naming the
/// first index outside 0..num_classes-1, ValueError for an empty index without num_classes.
Tensor one_hot(const Tensor& index, std::int64_t num_classes = -1);

}  // namespace tarn
