#include <optional>
#include <type_traits>

#include <Eigen/Core>

#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/kernels/alias.h>
#include <tarn/tensor/kernels/cast.h>
#include <tarn/tensor/kernels/grain.h>
#include <tarn/tensor/kernels/is_nan.h>
#include <tarn/tensor/kernels/lines.h>
#include <tarn/tensor/kernels/reduce.h>
#include <tarn/tensor/kernels/visit.h>
#include <tarn/tensor/parallel.h>
#include <tarn/tensor/str.h>

namespace tarn::kernels {
namespace {

// What a sum of T is accumulated in.
template <class T>
using Sum = std::conditional_t<std::is_floating_point_v<T>, double, std::int64_t>;

constexpr int kSumLanes = 16;
// Elements of one partial sum; sums of more are combined in a binary tree whose shape depends on
// their number alone.
constexpr std::int64_t kChunk = 4096;

template <class T>
using SumLanes = Eigen::Array<Sum<T>, kSumLanes, 1>;

// Sum of up to kChunk elements: element i goes to lane i % kSumLanes, and the lanes are added
// pairwise.
template <class T>
Sum<T> chunk_sum(const T* first, std::int64_t count, std::int64_t stride) {
  SumLanes<T> lanes = SumLanes<T>::Zero();
  std::int64_t i = 0;
  if (stride == 1) {
    for (; i + kSumLanes <= count; i += kSumLanes) {
      lanes += Eigen::Map<const Eigen::Array<T, kSumLanes, 1>>(first + i).template cast<Sum<T>>();
    }
  }
  for (; i < count; ++i) lanes[i % kSumLanes] += static_cast<Sum<T>>(first[i * stride]);
  for (int half = kSumLanes / 2; half > 0; half /= 2) {
    for (int lane = 0; lane < half; ++lane) lanes[lane] += lanes[lane + half];
  }
  return lanes[0];
}

template <class S>
S tree_sum(const S* partial, std::int64_t count) {
  if (count == 1) return partial[0];
  const std::int64_t half = count / 2;
  return tree_sum(partial, half) + tree_sum(partial + half, count - half);
}

template <class T>
Sum<T> row_sum(const T* first, std::int64_t count, std::int64_t stride) {
  if (count <= kChunk) return chunk_sum(first, count, stride);
  const std::int64_t chunks = (count + kChunk - 1) / kChunk;
  const Tensor partial = empty({chunks}, {.dtype = dtype_of<Sum<T>>});
  auto* const sums = partial.template data_ptr<Sum<T>>();
  parallel_for(0, chunks, kGrain / kChunk, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t c = begin; c < end; ++c) {
      sums[c] =
          chunk_sum(first + c * kChunk * stride, std::min(kChunk, count - c * kChunk), stride);
    }
  });
  return tree_sum(sums, chunks);
}

// Rounds a finished sum into the result.
template <class O, class S>
O finish(S sum, double divisor) {
  if constexpr (std::is_floating_point_v<S>) {
    return static_cast<O>(divisor == 1 ? sum : sum / divisor);
  } else {
    return static_cast<O>(sum);
  }
}

// The sizes and strides of some dimensions walked as one; nothing where they cannot be.
struct Line {
  std::int64_t size = 1;
  std::int64_t stride = 1;
};

std::optional<Line> as_line(const Tensor& x, DimMask mask) {
  std::optional<Line> line = Line{};
  bool first = true;
  for (int d = x.dim() - 1; d >= 0; --d) {
    if ((mask >> d & 1U) == 0 || x.sizes()[d] == 1) continue;
    if (first) {
      line = Line{x.sizes()[d], x.strides()[d]};
      first = false;
    } else if (x.strides()[d] == line->size * line->stride) {
      line->size *= x.sizes()[d];
    } else {
      return std::nullopt;
    }
  }
  return line;
}

// out[i] = sum over j of x[i * kept.stride + j * reduced.stride]
template <class T, class O>
void sum_lines(const T* x, Line kept, Line reduced, O* out, double divisor) {
  const std::int64_t grain =
      std::max<std::int64_t>(1, kGrain / std::max<std::int64_t>(1, reduced.size));
  if (kept.stride != 1 || kept.size == 1) {
    return parallel_for(0, kept.size, grain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        out[i] = finish<O>(row_sum(x + i * kept.stride, reduced.size, reduced.stride), divisor);
      }
    });
  }
  // Neighbouring columns are summed side by side, each from the first row to the last.
  const std::int64_t blocks = (kept.size + kSumLanes - 1) / kSumLanes;
  parallel_for(
      0, blocks, std::max<std::int64_t>(1, grain / kSumLanes),
      [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t b = begin; b < end; ++b) {
          const std::int64_t column = b * kSumLanes;
          const std::int64_t width = std::min<std::int64_t>(kSumLanes, kept.size - column);
          SumLanes<T> sums = SumLanes<T>::Zero();
          for (std::int64_t j = 0; j < reduced.size; ++j) {
            const T* const row = x + j * reduced.stride + column;
            if (width == kSumLanes) {
              sums += Eigen::Map<const Eigen::Array<T, kSumLanes, 1>>(row).template cast<Sum<T>>();
            } else {
              for (std::int64_t i = 0; i < width; ++i) sums[i] += static_cast<Sum<T>>(row[i]);
            }
          }
          for (std::int64_t i = 0; i < width; ++i) out[column + i] = finish<O>(sums[i], divisor);
        }
      });
}

// x with the dimensions in `mask` moved behind the others, outside the graph.
Tensor move_back(const Tensor& x, DimMask mask) {
  Shape sizes;
  Shape strides;
  for (const bool reduced : {false, true}) {
    for (int d = 0; d < x.dim(); ++d) {
      if ((mask >> d & 1U) != static_cast<unsigned>(reduced)) continue;
      sizes.push_back(x.sizes()[d]);
      strides.push_back(x.strides()[d]);
    }
  }
  return alias(x, sizes, strides);
}

template <class T>
std::int64_t first_extreme(const T* line, std::int64_t step, std::int64_t count, bool largest) {
  std::int64_t best = 0;
  T value = line[0];
  for (std::int64_t i = 1; i < count && !is_nan(value); ++i) {
    const T other = line[i * step];
    if ((largest ? other > value : other < value) || is_nan(other)) {
      best = i;
      value = other;
    }
  }
  return best;
}

}  // namespace

DimMask dim_mask(const char* op, const Shape& dims, int ndim) {
  if (dims.empty()) return (1U << ndim) - 1;
  DimMask mask = 0;
  for (const std::int64_t dim : dims) {
    const DimMask bit = 1U << wrap_dim(op, dim, ndim);
    if (mask & bit)
      throw IndexError(str(op, ": dim ", dim, " appears twice in ", dims, ": expected each once"));
    mask |= bit;
  }
  return ndim == 0 ? 0 : mask;
}

Shape reduced_shape(const Shape& shape, DimMask mask, bool keepdim) {
  Shape result;
  for (int d = 0; d < shape.size(); ++d) {
    if ((mask >> d & 1U) == 0) {
      result.push_back(shape[d]);
    } else if (keepdim) {
      result.push_back(1);
    }
  }
  return result;
}

Tensor sum(const Tensor& x, DimMask mask, bool keepdim, double divisor) {
  const Shape shape = reduced_shape(x.sizes(), mask, keepdim);
  const DType dtype = is_floating_point(x.dtype()) ? x.dtype() : kInt64;
  Tensor out = empty(shape, {.dtype = dtype});
  const DimMask all = (1U << x.dim()) - 1;
  Tensor source = x;
  std::optional<Line> kept = as_line(x, all & ~mask);
  std::optional<Line> reduced = as_line(x, mask);
  if (mask == all && x.is_dense()) {
    reduced = Line{x.numel(), 1};  // any order will do when everything is summed
  } else if (!kept || !reduced) {
    source = cast(move_back(x, mask), x.dtype(), /*contiguous=*/true);
    const std::int64_t count = out.numel() == 0 ? 0 : x.numel() / out.numel();
    kept = Line{out.numel(), count};
    reduced = Line{count, 1};
  }
  kept->size = out.numel();
  visit(x.dtype(), [&]<class T>() {
    using O = std::conditional_t<std::is_floating_point_v<T>, T, std::int64_t>;
    sum_lines(source.data_ptr<T>(), *kept, *reduced, out.data_ptr<O>(), divisor);
  });
  return out;
}

Tensor argmax(const char* op, const Tensor& x, int dim, bool keepdim, bool largest) {
  const DimMask mask = x.dim() == 0 ? 0 : 1U << dim;
  Tensor out = empty(reduced_shape(x.sizes(), mask, keepdim), {.dtype = kInt64});
  if (out.numel() == 0) return out;
  const Lines lines(x.sizes(), dim);
  if (lines.length() == 0) {
    throw ShapeError(str(op, ": dim ", dim, " of shape ", x.sizes(),
                         " is empty: there is nothing to choose from"));
  }
  auto* const result = out.data_ptr<std::int64_t>();
  visit(x.dtype(), [&]<class T>() {
    const T* const first = x.data_ptr<T>();
    lines.for_each([&](std::int64_t i) {
      result[i] = first_extreme(first + lines.offset(i, x.strides()), lines.step(x.strides()),
                                lines.length(), largest);
    });
  });
  return out;
}

}  // namespace tarn::kernels
