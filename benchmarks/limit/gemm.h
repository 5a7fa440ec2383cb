#pragma once

// Products of float32 matrices for mnist_limit: one thread, AVX-512, rows of `b` and `c` side by
// side in memory.
#include <algorithm>
#include <utility>

#include <immintrin.h>

namespace limit {

inline constexpr int kWidth = 16;       // floats in a vector
inline constexpr int kTileRows = 8;     // a tile of 8 x 3 vectors fills the registers
inline constexpr int kTileVectors = 3;  //
inline constexpr int kDepth = 256;      // the chain over k is cut here
inline constexpr int kPackRows = 256;   // from so many rows on, a panel of b is copied side by side

struct Matrix {
  const float* data;
  long row_stride;
  long column_stride;
  const float* at(long i, long j) const { return data + i * row_stride + j * column_stride; }
};

// c = scale * a b, or c += scale * a b; the last vector of each row is cut by `mask`.
template <int rows, int vectors>
void tile(int depth, Matrix a, const float* b, long b_stride, float* c, long c_stride, float scale,
          bool add, __mmask16 mask) {
  __m512 sums[rows][vectors];
#pragma GCC unroll 8
  for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < vectors; ++j) sums[i][j] = _mm512_setzero_ps();
  }
  const float* low = a.data;
  const float* high = a.data + 4 * a.row_stride;
  const long step[4] = {0, a.row_stride, 2 * a.row_stride, 3 * a.row_stride};
  for (int k = 0; k < depth; ++k, b += b_stride, low += a.column_stride, high += a.column_stride) {
    __m512 line[vectors];
#pragma GCC unroll 8
    for (int j = 0; j < vectors; ++j)
      line[j] = _mm512_maskz_loadu_ps(j + 1 < vectors ? __mmask16(0xffff) : mask, b + j * kWidth);
#pragma GCC unroll 8
    for (int i = 0; i < rows; ++i) {
      const __m512 value = _mm512_set1_ps((i < 4 ? low : high)[step[i % 4]]);
#pragma GCC unroll 8
      for (int j = 0; j < vectors; ++j) sums[i][j] = _mm512_fmadd_ps(value, line[j], sums[i][j]);
    }
  }
  const __m512 factor = _mm512_set1_ps(scale);
#pragma GCC unroll 8
  for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < vectors; ++j) {
      float* const to = c + i * c_stride + j * kWidth;
      const __mmask16 cut = j + 1 < vectors ? __mmask16(0xffff) : mask;
      const __m512 sum = add ? _mm512_fmadd_ps(factor, sums[i][j], _mm512_maskz_loadu_ps(cut, to))
                             : _mm512_mul_ps(factor, sums[i][j]);
      _mm512_mask_storeu_ps(to, cut, sum);
    }
  }
}

using Tile = void (*)(int, Matrix, const float*, long, float*, long, float, bool, __mmask16);

template <int vectors, std::size_t... i>
Tile tile_of(int rows, std::index_sequence<i...>) {
  static constexpr Tile tiles[] = {tile<static_cast<int>(i) + 1, vectors>...};
  return tiles[rows - 1];
}

inline Tile find_tile(int rows, int vectors) {
  constexpr std::make_index_sequence<kTileRows> all;
  return vectors == 1   ? tile_of<1>(rows, all)
         : vectors == 2 ? tile_of<2>(rows, all)
                        : tile_of<3>(rows, all);
}

// out[k][0..15] = in[0..rows-1][k]; rows that are missing are zeros.
inline void transpose(const float* in, long stride, int rows, float* out, long out_stride,
                      int depth) {
  int k = 0;
  for (; rows == kWidth && k + 4 <= depth; k += 4) {
    __m512 quads[4];
    for (int r = 0; r < 4; ++r) {
      const float* const from = in + r * stride + k;
      quads[r] = _mm512_castps128_ps512(_mm_loadu_ps(from));
      quads[r] = _mm512_insertf32x4(quads[r], _mm_loadu_ps(from + 4 * stride), 1);
      quads[r] = _mm512_insertf32x4(quads[r], _mm_loadu_ps(from + 8 * stride), 2);
      quads[r] = _mm512_insertf32x4(quads[r], _mm_loadu_ps(from + 12 * stride), 3);
    }
    const __m512d low01 = _mm512_castps_pd(_mm512_unpacklo_ps(quads[0], quads[1]));
    const __m512d high01 = _mm512_castps_pd(_mm512_unpackhi_ps(quads[0], quads[1]));
    const __m512d low23 = _mm512_castps_pd(_mm512_unpacklo_ps(quads[2], quads[3]));
    const __m512d high23 = _mm512_castps_pd(_mm512_unpackhi_ps(quads[2], quads[3]));
    float* const to = out + k * out_stride;
    _mm512_storeu_ps(to, _mm512_castpd_ps(_mm512_unpacklo_pd(low01, low23)));
    _mm512_storeu_ps(to + out_stride, _mm512_castpd_ps(_mm512_unpackhi_pd(low01, low23)));
    _mm512_storeu_ps(to + 2 * out_stride, _mm512_castpd_ps(_mm512_unpacklo_pd(high01, high23)));
    _mm512_storeu_ps(to + 3 * out_stride, _mm512_castpd_ps(_mm512_unpackhi_pd(high01, high23)));
  }
  for (; k < depth; ++k) {
    for (int r = 0; r < kWidth; ++r) out[k * out_stride + r] = r < rows ? in[r * stride + k] : 0;
  }
}

// c [rows, columns] = scale * a b, or c += scale * a b, where a has `depth` columns. A b whose rows
// have another stride than 1 is one whose columns lie side by side.
inline void gemm(int rows, int columns, int depth, float scale, Matrix a, Matrix b, float* c,
                 long c_stride, bool add) {
  alignas(64) static thread_local float panel[kDepth * kWidth * kTileVectors];
  const int vectors = (columns + kWidth - 1) / kWidth;
  const int panels = (vectors + kTileVectors - 1) / kTileVectors;
  for (int k = 0; k < depth; k += kDepth, add = true) {
    const int part = std::min(kDepth, depth - k);
    for (int p = 0; p < panels; ++p) {
      const int first = vectors * p / panels;
      const int count = vectors * (p + 1) / panels - first;
      const int column = first * kWidth;
      const int width = std::min(columns - column, count * kWidth);
      const int last = width - (count - 1) * kWidth;
      const auto mask = static_cast<__mmask16>((1U << last) - 1);
      const float* from = b.at(k, column);
      long stride = b.row_stride;
      if (b.column_stride != 1) {
        stride = count * kWidth;
        for (int v = 0; v < count; ++v)
          transpose(b.at(k, column + v * kWidth), b.column_stride,
                    std::min(kWidth, width - v * kWidth), panel + v * kWidth, stride, part);
        from = panel;
      } else if (rows >= kPackRows && stride > kWidth * kTileVectors) {
        for (int row = 0; row < part; ++row) {
          for (int v = 0; v < count; ++v)
            _mm512_store_ps(panel + (row * count + v) * kWidth,
                            _mm512_maskz_loadu_ps(v + 1 < count ? __mmask16(0xffff) : mask,
                                                  b.at(k + row, column + v * kWidth)));
        }
        from = panel;
        stride = count * kWidth;
      }
      for (int row = 0; row < rows;) {
        const int left = rows - row;
        const int height = left <= kTileRows      ? left
                           : left < 2 * kTileRows ? (left + 1) / 2
                                                  : kTileRows;
        find_tile(height, count)(part, {a.at(row, k), a.row_stride, a.column_stride}, from, stride,
                                 c + row * c_stride + column, c_stride, scale, add, mask);
        row += height;
      }
    }
  }
}

// c [columns] = a b for one row a: as many vectors at a time as hide the latency of an addition.
template <int vectors>
void row_times_matrix(int depth, const float* a, const float* b, long stride, float* c, bool add) {
  __m512 sums[vectors];
  for (int j = 0; j < vectors; ++j) sums[j] = _mm512_setzero_ps();
  for (int k = 0; k < depth; ++k, b += stride) {
    const __m512 value = _mm512_set1_ps(a[k]);
#pragma GCC unroll 8
    for (int j = 0; j < vectors; ++j)
      sums[j] = _mm512_fmadd_ps(value, _mm512_load_ps(b + j * kWidth), sums[j]);
  }
  for (int j = 0; j < vectors; ++j)
    _mm512_store_ps(c + j * kWidth,
                    add ? _mm512_add_ps(_mm512_load_ps(c + j * kWidth), sums[j]) : sums[j]);
}

// The same for any number of columns that is a multiple of 16; all is aligned.
inline void gemv(int columns, int depth, const float* a, const float* b, long stride, float* c) {
  for (int column = 0; column < columns; column += 8 * kWidth) {
    const int vectors = std::min(8, (columns - column) / kWidth);
    for (int k = 0; k < depth; k += kDepth) {
      const int part = std::min(kDepth, depth - k);
      const auto run = vectors == 8   ? row_times_matrix<8>
                       : vectors == 4 ? row_times_matrix<4>
                       : vectors == 2 ? row_times_matrix<2>
                                      : row_times_matrix<1>;
      run(part, a + k, b + k * stride + column, stride, c + column, k > 0);
    }
  }
}

}  // namespace limit
