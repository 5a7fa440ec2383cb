#include <algorithm>

#include <tarn/data/detail/window.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/str.h>

namespace tarn::data::detail {
namespace {

// What a window of `length` elements from `start` on shares with 0..size - 1.
struct Overlap {
  Overlap(std::int64_t size, std::int64_t start, std::int64_t length)
      : from(std::clamp<std::int64_t>(start, 0, size)),
        to(std::clamp<std::int64_t>(-start, 0, length)),
        count(std::min(size - from, length - to)) {}
  std::int64_t from;
  std::int64_t to;
  std::int64_t count;
};

}  // namespace

void check_image(const char* transform, const Tensor& x) {
  if (x.dim() == 2 || x.dim() == 3) return;
  throw ShapeError(str(transform, ": x is ", x.sizes(),
                       ": expected [H, W] or [C, H, W]; load images with "
                       "{.flatten = false} and flatten them afterwards"));
}

Tensor window(const Tensor& x, std::int64_t top, std::int64_t left, std::int64_t height,
              std::int64_t width, double fill) {
  const Overlap rows(x.size(-2), top, height);
  const Overlap columns(x.size(-1), left, width);
  Shape shape = x.sizes();
  shape[shape.size() - 2] = height;
  shape[shape.size() - 1] = width;
  Tensor part = full(shape, fill, {.dtype = x.dtype()});
  part.narrow(-2, rows.to, rows.count)
      .narrow(-1, columns.to, columns.count)
      .copy_(x.narrow(-2, rows.from, rows.count).narrow(-1, columns.from, columns.count));
  return part;
}

}  // namespace tarn::data::detail
