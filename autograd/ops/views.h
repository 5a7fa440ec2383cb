#pragma once

#include <tarn/tensor/tensor.h>

namespace tarn {

// Views share the elements of x. Dimensions may count from the end. All throw IndexError for a
// dimension or index out of range.

/// x with another shape; one size may be -1. Throws ShapeError when the sizes do not fit or the
/// strides cannot be viewed so.
Tensor view(const Tensor& x, const Shape& shape, Where where = Where::current());
/// As view(), but copies where the strides ask for it.
Tensor reshape(const Tensor& x, const Shape& shape, Where where = Where::current());
/// Merges dimensions start_dim..end_dim (both included) into one.
Tensor flatten(const Tensor& x, std::int64_t start_dim = 0, std::int64_t end_dim = -1,
               Where where = Where::current());
Tensor transpose(const Tensor& x, std::int64_t dim0, std::int64_t dim1,
                 Where where = Where::current());
/// Dimension i of the result is dimension dims[i] of x. Throws ShapeError unless dims is a
/// permutation.
Tensor permute(const Tensor& x, const Shape& dims, Where where = Where::current());
/// Drops dimension `dim` if its size is 1.
Tensor squeeze(const Tensor& x, std::int64_t dim, Where where = Where::current());
/// Drops all dimensions of size 1.
Tensor squeeze(const Tensor& x, Where where = Where::current());
/// Inserts a dimension of size 1 before `dim`.
Tensor unsqueeze(const Tensor& x, std::int64_t dim, Where where = Where::current());
/// Repeats dimensions of size 1 without copying; -1 keeps a size, new dimensions come in front.
/// Throws ShapeError.
Tensor expand(const Tensor& x, const Shape& shape, Where where = Where::current());
/// The part at `index` of dimension `dim`, which vanishes.
Tensor select(const Tensor& x, std::int64_t dim, std::int64_t index,
              Where where = Where::current());
/// Elements start, start + step, ... below `end` of dimension `dim`; start and end may count from
/// the end and are cut to the size, as in Python. Throws ValueError unless step >= 1.
Tensor slice(const Tensor& x, std::int64_t dim, std::int64_t start, std::int64_t end,
             std::int64_t step = 1, Where where = Where::current());
/// `length` elements of dimension `dim` from `start`, which may count from the end. Throws
/// IndexError unless they lie inside.
Tensor narrow(const Tensor& x, std::int64_t dim, std::int64_t start, std::int64_t length,
              Where where = Where::current());

/// A copy with its own elements; keeps a dense memory layout.
Tensor clone(const Tensor& x, Where where = Where::current());
/// x itself if row-major without gaps, else a copy that is.
Tensor contiguous(const Tensor& x, Where where = Where::current());
/// x itself if it has this dtype, else a converted copy. Floating to integer truncates; NaN becomes
/// 0, what int64 or int32 cannot hold their ends, uint8 is modulo 256. To bool asks "not 0".
Tensor to(const Tensor& x, DType dtype, Where where = Where::current());

}  // namespace tarn
