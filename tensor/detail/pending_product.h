#pragma once

#include <cstdint>

#include <tarn/tensor/tensor.h>

namespace tarn {

/// A matrix that is not computed yet: the product of two small ones. Nobody else holds these, so
/// that they stay as they are.
///
/// The gradient of a layer's weight is such a product of the batch's inputs and gradients. With few
/// examples the factors are far smaller than the product, and an optimizer that computes it part by
/// part while it updates the weight never has it in memory.
struct PendingProduct {
  Tensor left;   ///< [R, K]
  Tensor right;  ///< [K, C]

  std::int64_t rows() const { return left.sizes()[0]; }
  std::int64_t columns() const { return right.sizes()[1]; }
  struct Part {
    std::int64_t begin;
    std::int64_t end;
  };
  /// Writes these columns of these rows, without gaps; T is the factors' type, float or double.
  template <class T>
  void compute(const Part& rows, const Part& columns, T* out) const;
};

/// A tensor with the elements of `left` [R, K] x `right` [K, C], row by row in memory, as `sizes`
/// and `strides` see them. They are computed when somebody first looks at them, with the same bits
/// as by matmul().
Tensor pending_product(const Tensor& left, const Tensor& right, const Shape& sizes,
                       const Shape& strides);

}  // namespace tarn
