#include <tarn/data/detail/window.h>
#include <tarn/data/transforms/random_shift.h>
#include <tarn/tensor/error.h>
#include <tarn/tensor/random.h>
#include <tarn/tensor/str.h>

namespace tarn::data {
namespace {

constexpr std::int64_t kMaxShift = std::int64_t{1} << 30;

}  // namespace

RandomShift::RandomShift(std::int64_t max_shift, double fill) : max_shift_(max_shift), fill_(fill) {
  if (max_shift < 0 || max_shift > kMaxShift) {
    throw ValueError(str("RandomShift: max_shift = ", max_shift, ": expected 0..", kMaxShift));
  }
}

Tensor RandomShift::operator()(const Tensor& x) const {
  detail::check_image("RandomShift", x);
  const auto shift = randint(-max_shift_, max_shift_ + 1, {2}).to_vector<std::int64_t>();
  return detail::window(x, -shift[0], -shift[1], x.size(-2), x.size(-1), fill_);
}

}  // namespace tarn::data
