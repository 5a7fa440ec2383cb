#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

#include <Eigen/Core>

#include <tarn/tensor/factories.h>
#include <tarn/tensor/kernels/gemm.h>
#include <tarn/tensor/kernels/grain.h>
#include <tarn/tensor/kernels/lanes.h>
#include <tarn/tensor/parallel.h>

// The packet types carry attributes that template arguments drop; nothing here depends on them.
#pragma GCC diagnostic ignored "-Wignored-attributes"

namespace tarn::kernels {
namespace {

template <class T>
using Packet = typename Eigen::internal::packet_traits<T>::type;
template <class T>
constexpr int kWidth = Eigen::internal::packet_traits<T>::size;

// Accumulators of a tile plus one row of b must fit into the vector registers: 8 x 3 + 3 of 32, or
// 4 x 3 + 3 of 16.
#ifdef EIGEN_VECTORIZE_AVX512
constexpr int kTileRows = 8;
#else
constexpr int kTileRows = 4;
#endif
constexpr int kTileVectors = 3;
// A single row has too few chains to hide the latency of an addition; it takes wider panels.
constexpr int kRowVectors = 8;
// The chain over k is cut here, so that a panel of b stays in the first-level cache.
constexpr std::int64_t kDepth = 256;
// Up to so many rows, threads divide the columns.
constexpr std::int64_t kFewRows = 128;
// From this many rows on, copying a panel of b side by side costs less than its cache misses.
constexpr std::int64_t kPackRows = 256;

// c[rows, vectors * width] = (accumulate ? c : bias or 0) + a b over `depth` terms.
template <class T, int rows, int vectors>
void tile(std::int64_t depth, const T* a, std::int64_t a_row, std::int64_t a_column, const T* b,
          std::int64_t b_row, T* c, std::int64_t c_row, bool accumulate, const T* bias) {
  using Eigen::internal::padd;
  using Eigen::internal::ploadu;
  using Eigen::internal::pmadd;
  using Eigen::internal::pset1;
  using Eigen::internal::pstoreu;
  using P = Packet<T>;
  constexpr int width = kWidth<T>;
  P sums[rows][vectors];
#pragma GCC unroll 8
  for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < vectors; ++j) sums[i][j] = pset1<P>(T(0));
  }
  // Two base pointers and three multiples of the stride reach eight rows without eight pointers in
  // registers.
  const T* low = a;
  const T* high = a + 4 * a_row;
  const std::int64_t offsets[4] = {0, a_row, 2 * a_row, 3 * a_row};
  for (std::int64_t k = 0; k < depth; ++k) {
    P line[vectors];
#pragma GCC unroll 8
    for (int j = 0; j < vectors; ++j) line[j] = ploadu<P>(b + j * width);
#pragma GCC unroll 8
    for (int i = 0; i < rows; ++i) {
      // Two statements: GCC 12 with -fsanitize=undefined computes `(i < 4 ? low : high)[...]`
      // wrongly.
      const T* const base = i < 4 ? low : high;
      const P value = pset1<P>(base[offsets[i % 4]]);
#pragma GCC unroll 8
      for (int j = 0; j < vectors; ++j) sums[i][j] = pmadd(value, line[j], sums[i][j]);
    }
    low += a_column;
    high += a_column;
    b += b_row;
  }
#pragma GCC unroll 8
  for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < vectors; ++j) {
      T* const place = c + i * c_row + j * width;
      P value = sums[i][j];
      if (accumulate) {
        value = padd(ploadu<P>(place), value);
      } else if (bias) {
        value = padd(ploadu<P>(bias + j * width), value);
      }
      pstoreu(place, value);
    }
  }
}

template <class T>
using Tile = void (*)(std::int64_t, const T*, std::int64_t, std::int64_t, const T*, std::int64_t,
                      T*, std::int64_t, bool, const T*);

// All tiles by (rows - 1, vectors - 1).
template <class T, int vectors, std::size_t... i>
constexpr std::array<Tile<T>, kTileRows> tiles_of_width(std::index_sequence<i...>) {
  return {tile<T, static_cast<int>(i) + 1, vectors>...};
}

template <class T>
Tile<T> find_tile(std::int64_t rows, std::int64_t vectors) {
  constexpr auto indices = std::make_index_sequence<kTileRows>();
  static constexpr std::array<std::array<Tile<T>, kTileRows>, kTileVectors> tiles = {
      tiles_of_width<T, 1>(indices), tiles_of_width<T, 2>(indices), tiles_of_width<T, 3>(indices)};
  static constexpr std::array<Tile<T>, kRowVectors> single = {
      tile<T, 1, 1>, tile<T, 1, 2>, tile<T, 1, 3>, tile<T, 1, 4>,
      tile<T, 1, 5>, tile<T, 1, 6>, tile<T, 1, 7>, tile<T, 1, 8>};
  if (rows == 1) return single[static_cast<std::size_t>(vectors - 1)];
  return tiles[static_cast<std::size_t>(vectors - 1)][static_cast<std::size_t>(rows - 1)];
}

// `count` elements, filled up with some that do no harm.
template <class T>
Packet<T> load_some(const T* from, std::int64_t count) {
  using Eigen::internal::ploadu;
  if (count >= kWidth<T>) return ploadu<Packet<T>>(from);
  return ploadu<Packet<T>>(detail::load_part<kWidth<T>>(from, count).data());
}

// Copies a row of `count` elements, packet by packet.
template <class T>
void copy_row(const T* from, std::int64_t count, T* to) {
  constexpr int width = kWidth<T>;
  std::int64_t i = 0;
  for (; i + width <= count; i += width)
    Eigen::internal::pstoreu(to + i, Eigen::internal::ploadu<Packet<T>>(from + i));
  if (i < count)
    detail::store_part<width>(to + i, count - i, detail::load_part<width>(from + i, count - i));
}

// Copies b to rows of `columns` elements, `stride` apart; what fills them up does no harm.
template <class T>
void pack(const Matrix<const T>& b, std::int64_t columns, std::int64_t stride, T* out) {
  using Eigen::internal::pset1;
  using Eigen::internal::pstoreu;
  using P = Packet<T>;
  constexpr int width = kWidth<T>;
  if (b.column_stride == 1) {
    for (std::int64_t k = 0; k < b.rows; ++k) {
      const T* const row = b.data + k * b.row_stride;
      for (std::int64_t j = 0; j < columns; j += width)
        pstoreu(out + k * stride + j, load_some(row + j, b.columns - j));
    }
    return;
  }
  if (b.row_stride == 1) {
    for (std::int64_t j = 0; j < columns; j += width) {
      for (std::int64_t k = 0; k < b.rows; k += width) {
        Eigen::internal::PacketBlock<P, width> block;
        for (std::int64_t i = 0; i < width; ++i) {
          block.packet[i] = j + i < b.columns
                                ? load_some(b.data + (j + i) * b.column_stride + k, b.rows - k)
                                : pset1<P>(T(0));
        }
        Eigen::internal::ptranspose(block);
        const std::int64_t rows = std::min<std::int64_t>(width, b.rows - k);
        for (std::int64_t i = 0; i < rows; ++i)
          pstoreu(out + (k + i) * stride + j, block.packet[i]);
      }
    }
    return;
  }
  for (std::int64_t k = 0; k < b.rows; ++k) {
    for (std::int64_t j = 0; j < columns; ++j) {
      out[k * stride + j] = j < b.columns ? b.data[k * b.row_stride + j * b.column_stride] : T(0);
    }
  }
}

// A product cut into tiles: panels of columns, each a column of row tiles.
template <class T>
class Product {
 public:
  Product(const Matrix<const T>& a, const Matrix<const T>& b, const Matrix<T>& c, const T* bias,
          bool accumulate)
      : a_(a),
        b_(b),
        c_(c),
        bias_(bias),
        accumulate_(accumulate),
        by_columns_(divides_columns<T>(a.rows, b.columns)),
        vectors_((b.columns + kWidth<T> - 1) / kWidth<T>),
        row_tiles_((a.rows + kTileRows - 1) / kTileRows) {}

  // Into so many shares it can be divided: cache lines of columns, or row tiles.
  std::int64_t shares() const {
    return by_columns_ ? (vectors_ + kLineVectors - 1) / kLineVectors : row_tiles_;
  }

  void run(std::int64_t first, std::int64_t last) const {
    if (by_columns_) {
      run_panels(first * kLineVectors, std::min(last * kLineVectors, vectors_), 0, row_tiles_);
    } else {
      run_panels(0, vectors_, first, last);
    }
  }

 private:
  static constexpr std::int64_t kLineVectors = kLine<T> / kWidth<T>;

  void run_panels(std::int64_t first_vector, std::int64_t last_vector, std::int64_t first_tile,
                  std::int64_t last_tile) const {
    const std::int64_t most = a_.rows == 1 ? kRowVectors : kTileVectors;
    const std::int64_t vectors = last_vector - first_vector;
    const std::int64_t panels = (vectors + most - 1) / most;
    for (std::int64_t p = 0; p < panels; ++p) {
      const std::int64_t begin = vectors * p / panels;
      run_panel(first_vector + begin, vectors * (p + 1) / panels - begin, first_tile, last_tile);
    }
  }

  // Rows are shared evenly, so that there is no thin last tile.
  std::int64_t first_row(std::int64_t row_tile) const { return a_.rows * row_tile / row_tiles_; }

  void run_panel(std::int64_t first_vector, std::int64_t vectors, std::int64_t first_tile,
                 std::int64_t last_tile) const {
    const std::int64_t column = first_vector * kWidth<T>;
    const std::int64_t stride = vectors * kWidth<T>;
    const std::int64_t columns = std::min(stride, b_.columns - column);
    const bool packed = b_.column_stride != 1 || columns < stride ||
                        first_row(last_tile) - first_row(first_tile) >= kPackRows;
    alignas(64) thread_local T buffer[kDepth * kWidth<T> * kRowVectors];
    alignas(64) T bias[kWidth<T> * kRowVectors];
    for (std::int64_t j = 0; bias_ && j < stride; j += kWidth<T>)
      Eigen::internal::pstoreu(bias + j, load_some(bias_ + column + j, columns - j));
    std::int64_t k = 0;
    do {
      const std::int64_t depth = std::min(kDepth, b_.rows - k);
      Matrix<const T> part{b_.data + k * b_.row_stride + column * b_.column_stride, depth, columns,
                           b_.row_stride, b_.column_stride};
      if (packed) {
        pack(part, stride, stride, buffer);
        part = {buffer, depth, stride, stride, 1};
      }
      for (std::int64_t t = first_tile; t < last_tile; ++t)
        run_tile(t, k, part, column, columns, bias_ ? bias : nullptr);
      k += depth;
    } while (k < b_.rows);
  }

  void run_tile(std::int64_t row_tile, std::int64_t k, const Matrix<const T>& panel,
                std::int64_t column, std::int64_t columns, const T* bias) const {
    const std::int64_t row = first_row(row_tile);
    const std::int64_t rows = first_row(row_tile + 1) - row;
    const std::int64_t stride = (columns + kWidth<T> - 1) / kWidth<T> * kWidth<T>;
    const Tile<T> compute = find_tile<T>(rows, stride / kWidth<T>);
    const T* const a = a_.data + row * a_.row_stride + k * a_.column_stride;
    T* const c = c_.data + row * c_.row_stride + column;
    const bool accumulate = k > 0 || accumulate_;
    if (columns == stride) {
      compute(panel.rows, a, a_.row_stride, a_.column_stride, panel.data, panel.row_stride, c,
              c_.row_stride, accumulate, bias);
      return;
    }
    alignas(64) T edge[kTileRows * kTileVectors * kWidth<T> + kRowVectors * kWidth<T>];
    for (std::int64_t i = 0; accumulate && i < rows; ++i)
      copy_row(c + i * c_.row_stride, columns, edge + i * stride);
    compute(panel.rows, a, a_.row_stride, a_.column_stride, panel.data, panel.row_stride, edge,
            stride, accumulate, bias);
    for (std::int64_t i = 0; i < rows; ++i)
      copy_row(edge + i * stride, columns, c + i * c_.row_stride);
  }

  Matrix<const T> a_;
  Matrix<const T> b_;
  Matrix<T> c_;
  const T* bias_;
  bool accumulate_;
  bool by_columns_;
  std::int64_t vectors_;
  std::int64_t row_tiles_;
};

// The same product as c^T = b^T a^T, for a b whose columns lie in memory one after the other and
// an a of few rows: turning c around is less work than turning b. The chains of sums are the same.
template <class T>
void gemm_turned(const Matrix<const T>& a, const Matrix<const T>& b, const Matrix<T>& c) {
  const std::int64_t shares = b.columns / kWidth<T>;
  parallel_for(0, shares, shares_per_thread(shares, c.rows * c.columns * b.rows),
               [&](std::int64_t begin, std::int64_t end) {
                 const std::int64_t first = begin * kWidth<T>;
                 const std::int64_t count = (end - begin) * kWidth<T>;
                 const Matrix<const T> part{b.data + first * b.column_stride, b.rows, count, 1,
                                            b.column_stride};
                 const Tensor buffer = empty({count, a.rows}, {.dtype = dtype_of<T>});
                 T* const turned = buffer.data_ptr<T>();
                 const Product<T> product(part.transposed(), a.transposed(),
                                          {turned, count, a.rows, a.rows, 1}, nullptr, false);
                 product.run(0, product.shares());
                 pack<T>({turned, a.rows, count, 1, a.rows}, count, c.row_stride, c.data + first);
               });
}

// Plain loops will do for integers, of which nobody trains a network.
template <class T>
void integer_gemm(const Matrix<const T>& a, const Matrix<const T>& b, const Matrix<T>& c,
                  const T* bias, bool accumulate) {
  using Unsigned = std::make_unsigned_t<T>;
  for (std::int64_t i = 0; i < c.rows; ++i) {
    for (std::int64_t j = 0; j < c.columns; ++j) {
      T& out = c.data[i * c.row_stride + j * c.column_stride];
      auto sum = static_cast<Unsigned>(bias ? bias[j] : (accumulate ? out : T(0)));
      for (std::int64_t k = 0; k < b.rows; ++k) {
        const auto x = static_cast<Unsigned>(a.data[i * a.row_stride + k * a.column_stride]);
        const auto y = static_cast<Unsigned>(b.data[k * b.row_stride + j * b.column_stride]);
        sum = static_cast<Unsigned>(sum + x * y);
      }
      out = static_cast<T>(sum);
    }
  }
}

}  // namespace

template <class T>
bool divides_columns(std::int64_t rows, std::int64_t columns) {
  const auto per_thread = [](std::int64_t shares) { return shares / get_num_threads(); };
  const std::int64_t lines = (columns + kLine<T> - 1) / kLine<T>;
  return per_thread(lines) > 0 && (rows < kFewRows || per_thread(rows / kTileRows) == 0);
}

template bool divides_columns<float>(std::int64_t, std::int64_t);
template bool divides_columns<double>(std::int64_t, std::int64_t);

template <class T>
void gemm(Matrix<const T> a, Matrix<const T> b, Matrix<T> c, const T* bias, bool accumulate) {
  if (c.rows == 0 || c.columns == 0) return;
  if constexpr (std::is_integral_v<T>) {
    integer_gemm(a, b, c, bias, accumulate);
  } else {
    if (c.column_stride != 1)
      return gemm<T>(b.transposed(), a.transposed(), c.transposed(), nullptr, accumulate);
    if (b.row_stride == 1 && b.column_stride != 1 && 1 < a.rows && a.rows < kFewRows && !bias &&
        !accumulate && b.columns % kWidth<T> == 0)
      return gemm_turned(a, b, c);
    const Product<T> product(a, b, c, bias, accumulate);
    const std::int64_t shares = product.shares();
    // The bits do not depend on the division, so it can follow the number of threads.
    const std::int64_t work = c.rows * c.columns * std::max<std::int64_t>(b.rows, 1);
    parallel_for(0, shares, shares_per_thread(shares, work),
                 [&](std::int64_t first, std::int64_t last) { product.run(first, last); });
  }
}

template void gemm(Matrix<const std::int64_t>, Matrix<const std::int64_t>, Matrix<std::int64_t>,
                   const std::int64_t*, bool);
template void gemm(Matrix<const std::int32_t>, Matrix<const std::int32_t>, Matrix<std::int32_t>,
                   const std::int32_t*, bool);
template void gemm(Matrix<const std::uint8_t>, Matrix<const std::uint8_t>, Matrix<std::uint8_t>,
                   const std::uint8_t*, bool);
template void gemm(Matrix<const float>, Matrix<const float>, Matrix<float>, const float*, bool);
template void gemm(Matrix<const double>, Matrix<const double>, Matrix<double>, const double*, bool);

}  // namespace tarn::kernels
