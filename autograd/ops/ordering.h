#pragma once

#include <tarn/tensor/tensor.h>

namespace tarn {

/// Elements picked along a dimension, with their indices (int64) there.
struct ValuesIndices {
  Tensor values;
  Tensor indices;
};

// In all of these a NaN counts as larger than anything, the first of equal elements is taken, and
// the gradient goes to the elements that were picked. Throw IndexError for a bad dim and ShapeError
// when there is nothing to choose from.

/// The largest element along `dim` and its index.
ValuesIndices max(const Tensor& x, std::int64_t dim, bool keepdim = false,
                  Where where = Where::current());
/// The smallest; a NaN counts as smaller than anything.
ValuesIndices min(const Tensor& x, std::int64_t dim, bool keepdim = false,
                  Where where = Where::current());
/// The largest of all elements, shape []; equal ones share the gradient evenly.
Tensor max(const Tensor& x, Where where = Where::current());
/// The smallest of all.
Tensor min(const Tensor& x, Where where = Where::current());
/// The largest over `dims` (all when empty); equal ones share the gradient evenly.
Tensor amax(const Tensor& x, const Shape& dims = {}, bool keepdim = false,
            Where where = Where::current());
/// The smallest.
Tensor amin(const Tensor& x, const Shape& dims = {}, bool keepdim = false,
            Where where = Where::current());

/// Index of the largest element along `dim`, int64.
Tensor argmax(const Tensor& x, std::int64_t dim, bool keepdim = false);
/// Index of the largest element in row-major order, int64 [].
Tensor argmax(const Tensor& x);
/// The same for the smallest.
Tensor argmin(const Tensor& x, std::int64_t dim, bool keepdim = false);
Tensor argmin(const Tensor& x);

/// x sorted along `dim`; equal elements keep their order.
ValuesIndices sort(const Tensor& x, std::int64_t dim = -1, bool descending = false,
                   Where where = Where::current());
/// The indices that sort x along `dim`, int64.
Tensor argsort(const Tensor& x, std::int64_t dim = -1, bool descending = false);
/// The k largest (or smallest) elements along `dim` in order. Throws ValueError unless k lies in
/// 0..size(dim).
ValuesIndices topk(const Tensor& x, std::int64_t k, std::int64_t dim = -1, bool largest = true,
                   Where where = Where::current());

}  // namespace tarn
