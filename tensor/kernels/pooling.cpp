#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include <tarn/tensor/factories.h>
#include <tarn/tensor/kernels/cast.h>
#include <tarn/tensor/kernels/grain.h>
#include <tarn/tensor/kernels/pooling.h>
#include <tarn/tensor/kernels/visit.h>
#include <tarn/tensor/parallel.h>

namespace tarn::kernels {
namespace {

// Calls f(plane) for `planes` planes of `size` elements of work on several threads.
template <class F>
void parallel_for_planes(std::int64_t planes, std::int64_t size, F f) {
  parallel_for(0, planes, std::max<std::int64_t>(1, kGrain / std::max<std::int64_t>(1, size)),
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t plane = begin; plane < end; ++plane) f(plane);
               });
}

// Offers each of a line's outputs begin..end-1 the input that it sees at one place of its window.
// A stride that the compiler knows lets it use vector instructions.
template <class T, class Stride>
void offer(const T* input, std::int64_t position, Stride stride, std::int64_t begin,
           std::int64_t end, T* best, std::int32_t* index) {
  for (std::int64_t i = begin; i < end; ++i) {
    const T value = input[(i - begin) * stride];
    const bool take = (value > best[i]) | std::isnan(value) | (index[i] < 0);
    best[i] = take ? value : best[i];
    index[i] = take ? static_cast<std::int32_t>(position + (i - begin) * stride) : index[i];
  }
}

template <class T>
void pool_plane(const Window& w, const T* plane, T* best, std::int32_t* index) {
  std::fill_n(best, w.outputs(), -std::numeric_limits<T>::infinity());
  std::fill_n(index, w.outputs(), -1);
  for (std::int64_t o = 0; o < w.y.out; ++o, best += w.x.out, index += w.x.out) {
    for (std::int64_t ky = 0; ky < w.y.kernel; ++ky) {
      const std::int64_t y = w.y.input(o, ky);
      if (y < 0 || y >= w.y.in) continue;
      for (std::int64_t kx = 0; kx < w.x.kernel; ++kx) {
        const std::int64_t begin = w.x.first(kx);
        const std::int64_t end = w.x.last(kx);
        if (begin == end) continue;
        const std::int64_t position = y * w.x.in + w.x.input(begin, kx);
        const T* const input = plane + position;
        if (w.x.stride == 1) {
          offer(input, position, std::integral_constant<int, 1>(), begin, end, best, index);
        } else if (w.x.stride == 2) {
          offer(input, position, std::integral_constant<int, 2>(), begin, end, best, index);
        } else {
          offer(input, position, w.x.stride, begin, end, best, index);
        }
      }
    }
  }
}

}  // namespace

MaxPool max_pool(const Tensor& x, const Window& window) {
  const Shape shape{x.sizes()[0], x.sizes()[1], window.y.out, window.x.out};
  MaxPool result{empty(shape, {.dtype = x.dtype()}), empty(shape, {.dtype = kInt32})};
  const Tensor source = cast(x, x.dtype(), /*contiguous=*/true);
  auto* const index = result.indices.data_ptr<std::int32_t>();
  visit_floating("max_pool2d", x.dtype(), [&]<class T>() {
    const T* const first = source.data_ptr<T>();
    T* const values = result.values.data_ptr<T>();
    parallel_for_planes(
        shape[0] * shape[1], window.outputs() * window.taps(), [&](std::int64_t plane) {
          pool_plane(window, first + plane * window.inputs(), values + plane * window.outputs(),
                     index + plane * window.outputs());
        });
  });
  return result;
}

Tensor gather_planes(const Tensor& x, const Tensor& indices) {
  Tensor out = empty(indices.sizes(), {.dtype = x.dtype()});
  const Tensor source = cast(x, x.dtype(), /*contiguous=*/true);
  const auto* const index = indices.data_ptr<std::int32_t>();
  const std::int64_t from = x.sizes()[2] * x.sizes()[3];
  const std::int64_t size = indices.sizes()[2] * indices.sizes()[3];
  visit_floating("max_pool2d", x.dtype(), [&]<class T>() {
    const T* const first = source.data_ptr<T>();
    T* const result = out.data_ptr<T>();
    parallel_for_planes(x.sizes()[0] * x.sizes()[1], size, [&](std::int64_t plane) {
      for (std::int64_t i = plane * size; i < (plane + 1) * size; ++i) {
        result[i] = index[i] < 0 ? T(0) : first[plane * from + index[i]];
      }
    });
  });
  return out;
}

Tensor scatter_planes(const Tensor& g, const Tensor& indices, std::int64_t height,
                      std::int64_t width) {
  const Shape& shape = g.sizes();
  Tensor out = empty({shape[0], shape[1], height, width}, {.dtype = g.dtype()});
  const Tensor source = cast(g, g.dtype(), /*contiguous=*/true);
  const auto* const index = indices.data_ptr<std::int32_t>();
  const std::int64_t to = height * width;
  const std::int64_t size = shape[2] * shape[3];
  visit_floating("max_pool2d", g.dtype(), [&]<class T>() {
    const T* const first = source.data_ptr<T>();
    T* const result = out.data_ptr<T>();
    parallel_for_planes(shape[0] * shape[1], to, [&](std::int64_t plane) {
      std::fill_n(result + plane * to, to, T(0));
      for (std::int64_t i = plane * size; i < (plane + 1) * size; ++i) {
        if (index[i] >= 0) result[plane * to + index[i]] += first[i];
      }
    });
  });
  return out;
}

}  // namespace tarn::kernels
