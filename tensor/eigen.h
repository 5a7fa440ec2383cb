#pragma once

#include <memory>
#include <utility>

#include <Eigen/Core>

#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/str.h>
#include <tarn/tensor/tensor.h>

// Tensors as Eigen's and Eigen's matrices as tensors, without a copy. Not part of <tarn/tarn.h>: a
// program that includes it needs Eigen 3.4.
namespace tarn {

template <class T>
using EigenMatrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

template <class T>
using EigenMap =
    Eigen::Map<EigenMatrix<T>, Eigen::Unaligned, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>>;

/// A 2-d tensor of any strides as an Eigen matrix of the same elements, a 1-d one as a column.
/// Writes go to the tensor and are not seen by autograd; the tensor must stay alive. Throws
/// ShapeError for other dimensions, DTypeError when T is not its type.
template <class T>
EigenMap<T> as_eigen(const Tensor& x) {
  if (x.dim() < 1 || x.dim() > 2)
    throw ShapeError(str("as_eigen: shape ", x.sizes(), ": expected 1 or 2 dimensions"));
  const bool matrix = x.dim() == 2;
  return EigenMap<T>(
      x.data_ptr<T>(), x.size(0), matrix ? x.size(1) : 1,
      Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>(x.stride(0), matrix ? x.stride(1) : 1));
}

/// A dense Eigen matrix or vector as a tensor [rows, cols] of the same elements, which it takes
/// over: `from_eigen(std::move(matrix))`. Gives a transposed layout for a column-major matrix.
template <class Matrix>
Tensor from_eigen(Matrix matrix) {
  auto owner = std::make_shared<Matrix>(std::move(matrix));
  const std::int64_t rows = owner->rows();
  const std::int64_t columns = owner->cols();
  if (owner->size() == 0)
    return empty({rows, columns}, {.dtype = dtype_of<typename Matrix::Scalar>});
  auto* const data = owner->data();
  if (Matrix::IsRowMajor) return from_blob(data, {rows, columns}, std::move(owner));
  return from_blob(data, {columns, rows}, std::move(owner)).transpose(0, 1);
}

}  // namespace tarn
