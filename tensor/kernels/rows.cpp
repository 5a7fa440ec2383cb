#include <algorithm>

#include <tarn/tensor/factories.h>
#include <tarn/tensor/kernels/cast.h>
#include <tarn/tensor/kernels/rows.h>
#include <tarn/tensor/kernels/visit.h>

namespace tarn::kernels {
namespace {

// A contiguous tensor of `sizes` around dimension `dim`: blocks of `inner` elements, `size` of them
// in each of `outer` groups.
struct RowBlocks {
  RowBlocks(const Shape& sizes, int dim) : size(sizes[dim]) {
    for (int d = 0; d < dim; ++d) outer *= sizes[d];
    for (int d = dim + 1; d < sizes.size(); ++d) inner *= sizes[d];
  }
  std::int64_t outer = 1;
  std::int64_t size;
  std::int64_t inner = 1;
};

// combine(target row, source row, elements) for every row of `source`, in order.
template <class F>
Tensor with_rows(const Tensor& x, int dim, const Tensor& rows, const Tensor& source, F combine) {
  Tensor out = empty(x.sizes(), {.dtype = x.dtype()});
  copy_into(out, x);
  const Tensor parts = cast(source, x.dtype(), /*contiguous=*/true);
  const auto* const row = rows.data_ptr<std::int64_t>();
  const std::int64_t picked = rows.numel();
  const RowBlocks to(x.sizes(), dim);
  visit(x.dtype(), [&]<class T>() {
    for (std::int64_t o = 0; o < to.outer; ++o) {
      for (std::int64_t i = 0; i < picked; ++i) {
        combine(out.data_ptr<T>() + (o * to.size + row[i]) * to.inner,
                parts.data_ptr<T>() + (o * picked + i) * to.inner, to.inner);
      }
    }
  });
  return out;
}

}  // namespace

Tensor select_rows(const Tensor& x, int dim, const Tensor& rows) {
  Shape sizes = x.sizes();
  sizes[dim] = rows.numel();
  Tensor out = empty(sizes, {.dtype = x.dtype()});
  const Tensor source = cast(x, x.dtype(), /*contiguous=*/true);
  const auto* const row = rows.data_ptr<std::int64_t>();
  const RowBlocks from(x.sizes(), dim);
  const auto block = static_cast<std::size_t>(from.inner) * element_size(x.dtype());
  const std::byte* const first = source.impl().data();
  std::byte* target = out.impl().data();
  for (std::int64_t o = 0; o < from.outer; ++o) {
    for (std::int64_t i = 0; i < rows.numel(); ++i, target += block) {
      std::copy_n(first + static_cast<std::size_t>(o * from.size + row[i]) * block, block, target);
    }
  }
  return out;
}

Tensor add_rows(const Tensor& x, int dim, const Tensor& rows, const Tensor& source) {
  return with_rows(x, dim, rows, source, [](auto* target, const auto* part, std::int64_t count) {
    using T = std::decay_t<decltype(*target)>;
    for (std::int64_t k = 0; k < count; ++k) target[k] = static_cast<T>(target[k] + part[k]);
  });
}

Tensor put_rows(const Tensor& x, int dim, const Tensor& rows, const Tensor& source) {
  return with_rows(x, dim, rows, source, [](auto* target, const auto* part, std::int64_t count) {
    std::copy_n(part, count, target);
  });
}

}  // namespace tarn::kernels
