#pragma once

#include <algorithm>
#include <array>
#include <tuple>
#include <type_traits>
#include <utility>

#include <Eigen/Core>

#include <tarn/tensor/factories.h>
#include <tarn/tensor/kernels/alias.h>
#include <tarn/tensor/kernels/grain.h>
#include <tarn/tensor/kernels/lanes.h>
#include <tarn/tensor/kernels/promotion.h>
#include <tarn/tensor/kernels/visit.h>
#include <tarn/tensor/parallel.h>
#include <tarn/tensor/tensor.h>

// Element-wise loops over tensors of any layout. The function works on `Lanes`, a cache line of
// elements as an Eigen array, and every element goes through it, also in rows that are strided or
// end in the middle of a line: an element's result depends on its value alone, not on its place.
namespace tarn::kernels {

/// f(element...) for every lane. For functions with a choice in them: the compiler turns this loop
/// into vector blends, which Eigen's select() does not become.
template <class F, class First, class... Rest>
First each(const F& f, const First& first, const Rest&... rest) {
  First out;
  for (int i = 0; i < First::SizeAtCompileTime; ++i) out[i] = f(first[i], rest[i]...);
  return out;
}

/// A loop nest over `Operands` tensors: the outer dimensions odometer-wise, the innermost in rows.
template <std::size_t Operands>
struct Nest {
  int dims = 0;
  std::array<std::int64_t, kMaxDim> sizes{};
  std::array<std::array<std::int64_t, kMaxDim>, Operands> strides{};

  std::int64_t rows() const {
    std::int64_t product = 1;
    for (int i = 0; i + 1 < dims; ++i) product *= sizes[static_cast<std::size_t>(i)];
    return product;
  }
  std::int64_t columns() const { return dims == 0 ? 1 : sizes[static_cast<std::size_t>(dims - 1)]; }
  std::int64_t column_stride(std::size_t operand) const {
    return dims == 0 ? 1 : strides[operand][static_cast<std::size_t>(dims - 1)];
  }
  /// Offset, in elements, of a row's first element.
  std::int64_t row_offset(std::size_t operand, std::int64_t row) const {
    std::int64_t offset = 0;
    for (int i = dims - 2; i >= 0; --i) {
      const auto d = static_cast<std::size_t>(i);
      offset += row % sizes[d] * strides[operand][d];
      row /= sizes[d];
    }
    return offset;
  }
};

/// Orders the dimensions by the first operand's strides and merges those that all operands walk
/// through evenly.
template <std::size_t Operands>
Nest<Operands> make_nest(const Shape& shape, const std::array<Shape, Operands>& strides) {
  std::array<int, kMaxDim> order{};
  int count = 0;
  for (int d = 0; d < shape.size(); ++d) {
    if (shape[d] == 1) continue;
    int at = count++;
    for (; at > 0 && strides[0][order[static_cast<std::size_t>(at - 1)]] < strides[0][d]; --at) {
      order[static_cast<std::size_t>(at)] = order[static_cast<std::size_t>(at - 1)];
    }
    order[static_cast<std::size_t>(at)] = d;
  }
  Nest<Operands> nest;
  for (int i = 0; i < count; ++i) {
    const int d = order[static_cast<std::size_t>(i)];
    const auto last = static_cast<std::size_t>(nest.dims - 1);
    bool merge = nest.dims > 0;
    for (std::size_t k = 0; merge && k < Operands; ++k)
      merge = nest.strides[k][last] == strides[k][d] * shape[d];
    if (merge) {
      nest.sizes[last] *= shape[d];
    } else {
      nest.sizes[static_cast<std::size_t>(nest.dims++)] = shape[d];
    }
    const auto target = static_cast<std::size_t>(nest.dims - 1);
    for (std::size_t k = 0; k < Operands; ++k) nest.strides[k][target] = strides[k][d];
  }
  return nest;
}

namespace detail {

// Elements of an operand that does not lie side by side are staged so many at a time: functions are
// compiled for one layout only.
inline constexpr std::int64_t kStaged = 256;

template <class T>
struct Stage {
  Stage() {}  // NOLINT(modernize-use-equals-default): a default one would be filled with zeros
  alignas(64) T elements[kStaged];
};

// Elements at..at + count of a row with this stride, one after the other, in `stage` or in place.
template <class T>
[[gnu::noinline]] const T* staged(const T* row, std::int64_t stride, std::int64_t at,
                                  std::int64_t count, T* stage) {
  if (stride == 0) {
    if (at == 0) std::fill_n(stage, count, *row);
  } else {
    for (std::int64_t i = 0; i < count; ++i) stage[i] = row[(at + i) * stride];
  }
  return stage;
}

// out[i] = f(in[i]...)
template <int N, class O, class F, class... In>
void unit_row(O* out, std::int64_t count, F& f, const In*... in) {
  std::int64_t at = 0;
  for (; at + N <= count; at += N) {
    Eigen::Map<Lanes<O, N>>(out + at) = f(Lanes<In, N>(Eigen::Map<const Lanes<In, N>>(in + at))...);
  }
  if (at < count) {
    const Lanes<O, N> values = f(load_part<N>(in + at, count - at)...);
    store_part<N>(out + at, count - at, values);
  }
}

// out[i * strides[0]] = f(in_k[i * strides[k + 1]]...)
template <int N, class O, class F, class... In>
void row(O* out, const std::array<std::int64_t, sizeof...(In) + 1>& strides, std::int64_t count,
         F& f, const In*... in) {
  const bool unit = std::all_of(strides.begin(), strides.end(), [](auto s) { return s == 1; });
  const std::int64_t piece = unit ? count : kStaged;
  std::tuple<Stage<O>, Stage<In>...> stages;
  for (std::int64_t at = 0; at < count; at += piece) {
    const std::int64_t part = std::min(piece, count - at);
    O* const to = strides[0] == 1 ? out + at : std::get<0>(stages).elements;
    [&]<std::size_t... k>(std::index_sequence<k...>) {
      unit_row<N>(to, part, f,
                  (strides[k + 1] == 1 ? in + at
                                       : staged(in, strides[k + 1], at, part,
                                                std::get<k + 1>(stages).elements))...);
    }
    (std::index_sequence_for<In...>());
    if (strides[0] == 1) continue;
    for (std::int64_t i = 0; i < part; ++i) out[(at + i) * strides[0]] = to[i];
  }
}

// Whether the elements lie in memory alike; the stride along a dimension of size 1 says nothing.
inline bool same_layout(const Tensor& a, const Tensor& b) {
  const Shape& sizes = a.sizes();
  if (sizes != b.sizes()) return false;
  for (int d = 0; d < sizes.size(); ++d) {
    if (a.strides()[d] != b.strides()[d] && sizes[d] != 1) return false;
  }
  return true;
}

}  // namespace detail

/// out = f(in...) element by element; the inputs broadcast to out's shape. `out` has type O and may
/// be one of the inputs.
template <int N, class O, class... In, class F, class... Tensors>
void map_into(const Tensor& out, F f, const Tensors&... in) {
  constexpr std::size_t operands = sizeof...(In) + 1;
  if (out.numel() == 0) return;
  O* const first = out.data_ptr<O>();
  const auto run = [&](const std::array<std::int64_t, operands>& offsets,
                       const std::array<std::int64_t, operands>& strides, std::int64_t count) {
    [&]<std::size_t... k>(std::index_sequence<k...>) {
      detail::row<N>(first + offsets[0], strides, count, f,
                     in.template data_ptr<In>() + offsets[k + 1]...);
    }
    (std::index_sequence_for<In...>());
  };
  std::array<std::int64_t, operands> unit{};
  unit.fill(1);
  Nest<operands> nest;
  // The common case needs no analysis of strides at all.
  if ((detail::same_layout(out, in) && ...) && out.is_dense()) {
    if (out.numel() <= kGrain) return run({}, unit, out.numel());
    nest.dims = 1;
    nest.sizes[0] = out.numel();
    for (auto& strides : nest.strides) strides[0] = 1;
  } else {
    nest = make_nest<operands>(out.sizes(), {out.strides(), broadcast_strides(in, out.sizes())...});
  }
  std::array<std::int64_t, operands> strides{};
  for (std::size_t k = 0; k < operands; ++k) strides[k] = nest.column_stride(k);
  const std::int64_t rows = nest.rows();
  const std::int64_t columns = nest.columns();
  if (rows == 1) {
    return parallel_for(0, columns, kGrain, [&](std::int64_t begin, std::int64_t end) {
      std::array<std::int64_t, operands> offsets{};
      for (std::size_t k = 0; k < operands; ++k) offsets[k] = begin * strides[k];
      run(offsets, strides, end - begin);
    });
  }
  parallel_for(0, rows, std::max<std::int64_t>(1, kGrain / columns),
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t r = begin; r < end; ++r) {
                   std::array<std::int64_t, operands> offsets{};
                   for (std::size_t k = 0; k < operands; ++k) offsets[k] = nest.row_offset(k, r);
                   run(offsets, strides, columns);
                 }
               });
}

/// Uninitialised, for the result of an element-wise op: the layout of the first operand that fills
/// the shape.
inline Tensor empty_result(const Shape& shape, DType dtype, const Tensor& a, const Tensor& b) {
  const Tensor& like = a.sizes() == shape ? a : b;
  return like.sizes() == shape ? empty_like(like, dtype) : empty(shape, {.dtype = dtype});
}

/// f(x) for floating types; integers become float32 first.
template <class F>
Tensor map_floating(const char* op, const Tensor& x, F f) {
  const Tensor input = cast(x, is_floating_point(x.dtype()) ? x.dtype() : kFloat32);
  Tensor out = empty_like(input);
  visit_floating(op, input.dtype(), [&]<class T>() { map_into<kLanes<T>, T, T>(out, f, input); });
  return out;
}

/// f(x) in `dtype`, for all types but bool.
template <class F>
Tensor map_numeric(const char* op, const Tensor& x, DType dtype, F f) {
  const Tensor input = cast(x, dtype);
  Tensor out = empty_like(input);
  visit_numeric(op, dtype, [&]<class T>() { map_into<kLanes<T>, T, T>(out, f, input); });
  return out;
}

/// f(a, b) in `dtype`, for all types but bool.
template <class F>
Tensor zip_numeric(const char* op, const Tensor& a, const Tensor& b, DType dtype, F f) {
  const Tensor x = cast(a, dtype);
  const Tensor y = cast(b, dtype);
  Tensor out = empty_result(broadcast_shapes(op, x.sizes(), y.sizes()), dtype, x, y);
  visit_numeric(op, dtype, [&]<class T>() { map_into<kLanes<T>, T, T, T>(out, f, x, y); });
  return out;
}

/// f(a, b) for floating types.
template <class F>
Tensor zip_floating(const char* op, const Tensor& a, const Tensor& b, F f) {
  const DType dtype = result_dtype(a, b);
  const Tensor x = cast(a, dtype);
  const Tensor y = cast(b, dtype);
  Tensor out = empty_result(broadcast_shapes(op, x.sizes(), y.sizes()), dtype, x, y);
  visit_floating(op, dtype, [&]<class T>() { map_into<kLanes<T>, T, T, T>(out, f, x, y); });
  return out;
}

}  // namespace tarn::kernels
