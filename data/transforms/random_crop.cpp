#include <tarn/data/detail/window.h>
#include <tarn/data/transforms/draws.h>
#include <tarn/data/transforms/random_crop.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/str.h>

namespace tarn::data {
namespace {

constexpr std::int64_t kMost = (std::int64_t{1} << 30) - 1;

void check(const char* option, std::int64_t value, std::int64_t least) {
  if (value >= least && value <= kMost) return;
  throw ValueError(str("RandomCrop: ", option, " = ", value, ": expected ", least, "..", kMost));
}

}  // namespace

RandomCrop::RandomCrop(RandomCropOptions options) : options_(options) {
  check("height", options.height, 1);
  check("width", options.width, 1);
  check("padding", options.padding, 0);
}

Tensor RandomCrop::operator()(const Tensor& x) const {
  detail::check_image("RandomCrop", x);
  const auto& [height, width, padding, fill] = options_;
  const std::int64_t rows = x.size(-2) + 2 * padding - height + 1;
  const std::int64_t columns = x.size(-1) + 2 * padding - width + 1;
  if (rows < 1 || columns < 1) {
    throw ShapeError(str("RandomCrop: x is ", x.sizes(), ", with padding ", padding,
                         " on each side: smaller than the part of ", height, " x ", width,
                         "; raise padding"));
  }
  Draws draws(default_generator());
  const std::int64_t top = draws.below(rows) - padding;
  const std::int64_t left = draws.below(columns) - padding;
  return detail::window(x, top, left, height, width, fill);
}

}  // namespace tarn::data
