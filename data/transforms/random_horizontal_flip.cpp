#include <algorithm>

#include <tarn/data/detail/window.h>
#include <tarn/data/transforms/draws.h>
#include <tarn/data/transforms/random_horizontal_flip.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/kernels/visit.h>
#include <tarn/tensor/str.h>

namespace tarn::data {

RandomHorizontalFlip::RandomHorizontalFlip(double p) : p_(p) {
  if (!(p >= 0 && p <= 1))
    throw ValueError(str("RandomHorizontalFlip: p = ", p, ": expected 0..1"));
}

Tensor RandomHorizontalFlip::operator()(const Tensor& x) const {
  detail::check_image("RandomHorizontalFlip", x);
  Tensor flipped = x.detach().contiguous().clone();
  if (Draws(default_generator()).uniform(0, 1) >= p_) return flipped;
  kernels::visit(x.dtype(), [&]<class T>() {
    T* const first = flipped.data_ptr<T>();
    const std::int64_t width = x.size(-1);
    for (std::int64_t row = 0; row < x.numel(); row += width)
      std::reverse(first + row, first + row + width);
  });
  return flipped;
}

}  // namespace tarn::data
