#pragma once

#include <cstdint>

namespace tarn::kernels {

/// A matrix somewhere in memory; element (i, j) lies at data[i * row_stride + j * column_stride].
template <class T>
struct Matrix {
  T* data;
  std::int64_t rows;
  std::int64_t columns;
  std::int64_t row_stride;
  std::int64_t column_stride;

  Matrix transposed() const { return {data, columns, rows, column_stride, row_stride}; }
};

/// Elements in a cache line: threads that write to one matrix side by side share none.
template <class T>
inline constexpr std::int64_t kLine = 64 / static_cast<std::int64_t>(sizeof(T));

/// Whether threads divide the columns of a product of this size among themselves, or its rows. With
/// few rows most of what is read is the right-hand matrix: each thread then has its own columns of
/// it. An optimizer that divides a weight in the same way finds every part in the cache of the
/// thread that used it.
template <class T>
bool divides_columns(std::int64_t rows, std::int64_t columns);

/// c = a b, plus `bias` (one value per column) if given, or plus c itself if `accumulate`; for all
/// types but bool. Operands may have any strides, c needs unit stride in one direction (rows if
/// there is a bias). Integers wrap around.
///
/// Every floating-point element is one chain of fused multiply-adds over k in rising order, cut at
/// fixed places, so that it depends neither on the tile that computed it nor on how tiles were
/// divided among threads.
template <class T>
void gemm(Matrix<const T> a, Matrix<const T> b, Matrix<T> c, const T* bias = nullptr,
          bool accumulate = false);

}  // namespace tarn::kernels
