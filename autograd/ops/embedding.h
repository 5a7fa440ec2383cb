#pragma once

#include <optional>

#include <tarn/tensor/tensor.h>

namespace tarn {

/// The rows of `weight` [V, D] that `index` (int64 or int32, any shape [*]) names: [*, D]. Row
/// `padding_idx`, which may count from the end, gets no gradient. Throws IndexError naming the
/// first index outside 0..V-1 and its position, ShapeError, DTypeError.
Tensor embedding(const Tensor& index, const Tensor& weight,
                 std::optional<std::int64_t> padding_idx = {}, Where where = Where::current());

}  // namespace tarn
