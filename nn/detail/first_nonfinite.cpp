#include <algorithm>
#include <cmath>
#include <vector>

#include <tarn/autograd/detail/checks.h>
#include <tarn/nn/detail/first_nonfinite.h>
#include <tarn/tensor/str.h>

namespace tarn::nn::detail {
std::string first_nonfinite(const std::string& name, const Tensor& x) {
  const std::vector<double> values = x.to_vector();
  const auto place = std::ranges::find_if_not(values, [](double v) { return std::isfinite(v); });
  if (place == values.end()) return {};
  // The sign of a NaN means nothing to a reader.
  return str(element_name(name.c_str(), x.sizes(), place - values.begin()), " = ",
             to_text(std::isnan(*place) ? std::abs(*place) : *place));
}

}  // namespace tarn::nn::detail
