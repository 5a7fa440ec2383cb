#pragma once

#include <tarn/tensor/tensor.h>

namespace tarn {

/// A view outside the graph: x's elements with other sizes and strides, from `offset` elements
/// after x's first on. It knows the base that it shows a part of.
Tensor make_view(const Tensor& x, const Shape& sizes, const Shape& strides,
                 std::int64_t offset = 0);

/// Whether several indices of x may lead to the same element, as in an expanded view.
bool overlaps_itself(const Tensor& x);

/// Gives a view whose base was changed by a recorded op the history that its elements have now.
void refresh_history(const Tensor& view);

/// Writes `result`, which has self's shape and type, into self and records it: self, its base and
/// all other views of that base then have the history of what was written.
void write_recorded(const Tensor& self, const Tensor& result, const Where& where);

/// x as it can be saved for a backward pass: a view without its base, whose history could lead
/// back to the saved tensor in a circle.
Tensor without_base(const Tensor& x);

}  // namespace tarn
