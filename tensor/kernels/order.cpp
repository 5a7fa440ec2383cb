#include <algorithm>
#include <cstdint>
#include <numeric>
#include <type_traits>
#include <vector>

#include <tarn/tensor/factories.h>
#include <tarn/tensor/kernels/is_nan.h>
#include <tarn/tensor/kernels/lines.h>
#include <tarn/tensor/kernels/order.h>
#include <tarn/tensor/kernels/visit.h>

namespace tarn::kernels {
namespace {

// Ascending with NaN last, descending with NaN first.
template <class T>
bool comes_before(T a, T b, bool descending) {
  if (descending) std::swap(a, b);
  return a < b || (is_nan(b) && !is_nan(a));
}

}  // namespace

Tensor argsort(const Tensor& x, int dim, bool descending, std::int64_t count) {
  const Lines lines(x.sizes(), dim);
  Shape sizes = x.sizes();
  if (!sizes.empty()) sizes[dim] = count;
  Tensor out = empty(sizes, {.dtype = kInt64});
  if (out.numel() == 0) return out;
  auto* const result = out.data_ptr<std::int64_t>();
  visit(x.dtype(), [&]<class T>() {
    const T* const values = x.data_ptr<T>();
    lines.for_each([&](std::int64_t i) {
      const T* const line = values + lines.offset(i, x.strides());
      const std::int64_t step = lines.step(x.strides());
      std::vector<std::int64_t> order(static_cast<std::size_t>(lines.length()));
      std::iota(order.begin(), order.end(), 0);
      const auto before = [&](std::int64_t a, std::int64_t b) {
        const T u = line[a * step];
        const T v = line[b * step];
        if (comes_before(u, v, descending)) return true;
        return !comes_before(v, u, descending) && a < b;
      };
      std::partial_sort(order.begin(), order.begin() + count, order.end(), before);
      std::int64_t* const target = result + lines.offset(i, out.strides());
      const std::int64_t target_step = lines.step(out.strides());
      for (std::int64_t k = 0; k < count; ++k)
        target[k * target_step] = order[static_cast<std::size_t>(k)];
    });
  });
  return out;
}

Tensor cumsum(const Tensor& x, int dim) {
  const Lines lines(x.sizes(), dim);
  Tensor out = empty(x.sizes(), {.dtype = is_floating_point(x.dtype()) ? x.dtype() : DType::int64});
  visit(x.dtype(), [&]<class T>() {
    constexpr bool floating = std::is_floating_point_v<T>;
    using Result = std::conditional_t<floating, T, std::int64_t>;
    // Integer sums wrap around, as in PyTorch, which signed numbers must not.
    using Sum = std::conditional_t<floating, double, std::uint64_t>;
    const T* const values = x.data_ptr<T>();
    Result* const result = out.data_ptr<Result>();
    lines.for_each([&](std::int64_t i) {
      const T* const line = values + lines.offset(i, x.strides());
      Result* const target = result + lines.offset(i, out.strides());
      const std::int64_t step = lines.step(x.strides());
      const std::int64_t target_step = lines.step(out.strides());
      Sum sum = 0;
      for (std::int64_t k = 0; k < lines.length(); ++k) {
        sum += static_cast<Sum>(line[k * step]);
        target[k * target_step] = static_cast<Result>(sum);
      }
    });
  });
  return out;
}

}  // namespace tarn::kernels
