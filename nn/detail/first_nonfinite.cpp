#include <algorithm>
#include <cmath>
#include <vector>

#include <tarn/nn/detail/first_nonfinite.h>
#include <tarn/tensor/str.h>

namespace tarn::nn::detail {
namespace {

// "[1, 3]" for the element at `position` in row-major order; empty for a 0-d tensor.
std::string index_text(const Shape& sizes, std::int64_t position) {
  Shape index = sizes;
  for (int i = sizes.size() - 1; i >= 0; --i) {
    index[i] = position % sizes[i];
    position /= sizes[i];
  }
  return sizes.empty() ? "" : to_string(index);
}

}  // namespace

std::string first_nonfinite(const std::string& name, const Tensor& x) {
  const std::vector<double> values = x.to_vector();
  const auto place = std::ranges::find_if_not(values, [](double v) { return std::isfinite(v); });
  if (place == values.end()) return {};
  // The sign of a NaN means nothing to a reader.
  return str(name, index_text(x.sizes(), place - values.begin()), " = ",
             to_text(std::isnan(*place) ? std::abs(*place) : *place));
}

}  // namespace tarn::nn::detail
