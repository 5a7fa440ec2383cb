#include <algorithm>
#include <cmath>

#include <tarn/autograd/ops/arithmetic.h>
#include <tarn/data/transforms.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/factories.h>
#include <tarn/tensor/random.h>
#include <tarn/tensor/str.h>

namespace tarn::data {
namespace {

constexpr std::int64_t kMaxShift = std::int64_t{1} << 30;

void check_moments(double mean, double std) {
  if (!std::isfinite(mean))
    throw ValueError(str("Normalize: mean = ", mean, ": expected a finite number"));
  if (!std::isfinite(std) || std <= 0)
    throw ValueError(str("Normalize: std = ", std, ": expected a finite number > 0"));
}

// Where size - |shift| elements of one dimension come from and go to.
struct Overlap {
  Overlap(std::int64_t size, std::int64_t shift)
      : from(std::clamp<std::int64_t>(-shift, 0, size)),
        to(std::clamp<std::int64_t>(shift, 0, size)),
        length(size - from - to) {}
  std::int64_t from;
  std::int64_t to;
  std::int64_t length;
};

}  // namespace

Transform::~Transform() = default;

Normalize::Normalize(double mean, double std) {
  check_moments(mean, std);
  mean_ = scalar_tensor(mean, {.dtype = kFloat64});
  std_ = scalar_tensor(std, {.dtype = kFloat64});
}

Normalize::Normalize(const std::vector<double>& mean, const std::vector<double>& std) {
  if (mean.size() != std.size() || mean.empty()) {
    throw ValueError(str("Normalize: ", mean.size(), " means and ", std.size(),
                         " stds: expected as many, one per channel"));
  }
  for (std::size_t i = 0; i < mean.size(); ++i) check_moments(mean[i], std[i]);
  const Shape per_channel = {static_cast<std::int64_t>(mean.size()), 1, 1};
  mean_ = from_vector(mean, per_channel);
  std_ = from_vector(std, per_channel);
}

Tensor Normalize::operator()(const Tensor& x) const {
  if (mean_.dim() == 3 && (x.dim() != 3 || x.size(0) != mean_.size(0))) {
    throw ShapeError(str("Normalize: x is ", x.sizes(), ": expected [", mean_.size(0),
                         ", H, W] for ", mean_.size(0), " means"));
  }
  const DType dtype = is_floating_point(x.dtype()) ? x.dtype() : kFloat32;
  return div(sub(x.to(dtype), mean_.to(dtype)), std_.to(dtype));
}

RandomTranslate::RandomTranslate(std::int64_t max_shift, double fill)
    : max_shift_(max_shift), fill_(fill) {
  if (max_shift < 0 || max_shift > kMaxShift) {
    throw ValueError(str("RandomTranslate: max_shift = ", max_shift, ": expected 0..", kMaxShift));
  }
}

Tensor RandomTranslate::operator()(const Tensor& x) const {
  if (x.dim() != 2 && x.dim() != 3) {
    throw ShapeError(str("RandomTranslate: x is ", x.sizes(),
                         ": expected [H, W] or [C, H, W]; load images with "
                         "{.flatten = false} and flatten them afterwards"));
  }
  const auto shift = randint(-max_shift_, max_shift_ + 1, {2}).to_vector<std::int64_t>();
  const Overlap rows(x.size(-2), shift[0]);
  const Overlap columns(x.size(-1), shift[1]);
  Tensor moved = full(x.sizes(), fill_, {.dtype = x.dtype()});
  moved.narrow(-2, rows.to, rows.length)
      .narrow(-1, columns.to, columns.length)
      .copy_(x.narrow(-2, rows.from, rows.length).narrow(-1, columns.from, columns.length));
  return moved;
}

}  // namespace tarn::data
